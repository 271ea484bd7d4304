// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import WireTypes

/// `churn-train@3`, `churn-train@9f2c01aa`, or `churn-train` for the newest version.
struct DatasetVersionArgument: ExpressibleByArgument {
    let name: DatasetName
    let selector: DatasetSelector

    static let form = "NAME@3, NAME@ and 8 or more digits of its digest, or NAME for the newest"

    init(name: DatasetName, selector: DatasetSelector) {
        self.name = name
        self.selector = selector
    }

    init?(argument: String) {
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = DatasetName(rawValue: parts[0]) else { return nil }
        self.name = name
        if parts.count == 2 {
            guard let selector = try? DatasetSelector(parts[1]) else { return nil }
            self.selector = selector
        } else {
            selector = .newest
        }
    }

    func dataset(in project: ProjectName) -> DatasetReference { DatasetReference(project: project, name: name) }
}

/// A version of data on a server, with its record.
struct KnownDataset {
    let client: SlipwayClient
    let reference: DatasetReference
    let version: DatasetVersionV1
    let record: DatasetManifest

    /// - Throws: `DAT-001` for one that is not there.
    init(_ named: DatasetVersionArgument, in project: ProjectName, on server: ServerOptions) async throws {
        client = try await server.client()
        reference = named.dataset(in: project)
        version = try await client.version(named.selector, of: reference)
        record = try await client.record(.number(version.version), of: reference)
    }
}

/// Which project the data sets of a command are in.
struct DatasetOptions: ParsableArguments {
    @Option(help: "The project that the data set is in.")
    var project: ProjectName = .standard
}

/// How a file of data is to be read.
struct DataFileOptions: ParsableArguments {
    @Option(
        name: .customLong("data-format"),
        help: "What the file is: csv, jsonl, parquet or arrow; told by its name without it.")
    var format: DataFormat?

    func file(_ path: String, data: String?) throws -> any DataFile {
        try Tools.required().dataFile(path, format: format, data: data)
    }
}

extension DataFormat: ExpressibleByArgument {}

/// Data on the server that is read from there each time, for what needs its rows.
struct RemoteData: DataFile {
    let name: String
    let format: DataFormat
    private let local: any DataFile

    /// Fetches a version into a file of its own.
    init(
        _ version: DatasetVersionArgument, in project: ProjectName, from client: SlipwayClient, at path: String,
        data folder: String?
    ) async throws {
        let dataset = version.dataset(in: project)
        let record = try await client.record(version.selector, of: dataset)
        let tools = try Tools.required()
        try await tools.receive(path) { write in
            try await client.data(.digest(prefix: record.data.digest.hex), of: dataset, write)
        }
        local = try tools.dataFile(path, format: record.format, data: folder)
        name = "\(version.name)"
        format = record.format
        let found = try local.digest()
        guard found == record.data.digest else {
            throw DatasetError.differs("What came of “\(dataset)”", expected: record.data.digest, found: found)
        }
    }

    func pieces() throws -> @Sendable () throws -> [UInt8]? { try local.pieces() }
    func converted() throws -> ConvertedTable { try local.converted() }
}
