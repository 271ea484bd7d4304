// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import Tensors
internal import WireTypes

/// `churn-train@3`, or `churn-train@3=data/train.csv`.
struct RunDataArgument: ExpressibleByArgument {
    let version: DatasetVersionArgument
    /// Below the working folder; `nil` for `data/NAME.FORMAT`.
    let path: String?

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let version = DatasetVersionArgument(argument: parts[0]) else { return nil }
        self.version = version
        path = parts.count == 2 ? parts[1] : nil
        guard path.map({ isInside($0) }) ?? true else { return nil }
    }

    /// Brings the data to its place, unless it is there.
    ///
    /// - Throws: `DAT-006` when something else is there, or comes.
    func fetch(
        from client: SlipwayClient, _ project: ProjectName, in folder: String
    ) async throws -> FetchedData {
        let dataset = version.dataset(in: project)
        let found = try await client.version(version.selector, of: dataset)
        let number = DatasetSelector.number(found.version)
        let record = try await client.record(number, of: dataset)
        let path = path ?? "data/\(found.dataset).\(record.format.fileExtension)"
        let data = RunRecord.Data(
            dataset: version.name, project: project, version: found.version, digest: record.data.digest, path: path)
        try await data.provide(from: client, in: folder, format: record.format)
        return FetchedData(record: data, manifest: record)
    }
}

/// A version of data that lies where a command reads it.
struct FetchedData {
    let record: RunRecord.Data
    let manifest: DatasetManifest

    /// As a run has it.
    var input: SlipwayClient.RunInput {
        let columns = manifest.columns.map { column -> JSONValue in
            ["name": .string(column.name), "type": .string(column.type.rawValue)]
        }
        let schema: JSONValue = ["slipway_columns": .array(columns)]
        let profile: JSONValue = [
            "num_rows": .integer(Int64(manifest.rowCount)), "num_bytes": .integer(Int64(manifest.data.byteCount)),
        ]
        let link = DatasetLink(
            dataset: DatasetReference(project: record.project, name: record.dataset), number: record.version)
        return SlipwayClient.RunInput(
            name: record.dataset.rawValue, digest: DatasetLink.digest(record.digest), source: link.source,
            schema: schema.text, profile: profile.text)
    }
}

extension RunRecord.Data {
    /// Brings the data to its path below a folder, unless it is there.
    ///
    /// - Throws: `DAT-006` when something else is there, or comes; `DAT-004` where only its digest is kept.
    func provide(from client: SlipwayClient, in folder: String, format: DataFormat) async throws {
        let tools = try Tools.required()
        let place = "\(folder)/\(path)"
        let reference = DatasetReference(project: project, name: dataset)
        guard !tools.isThere(place) else {
            let found = try tools.dataFile(place, format: format, data: nil).digest()
            guard found == digest else {
                throw DatasetError.differs("“\(path)”", expected: digest, found: found)
            }
            return
        }
        Console.current.progress("fetching \(dataset)@\(version)")
        try tools.runs.makeFolder(for: place)
        var hasher = DigestHasher()
        try await tools.receive(place) { write in
            try await client.data(.number(version), of: reference) { piece in
                hasher.update(piece)
                try write(piece)
            }
            let found = hasher.finish()
            guard found == digest else {
                throw DatasetError.differs("What came of “\(reference)”", expected: digest, found: found)
            }
        }
    }
}
