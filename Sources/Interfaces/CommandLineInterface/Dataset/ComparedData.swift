// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import WireTypes

/// One side of a comparison: a version on the server, or a file.
struct ComparedData {
    let name: String
    let record: DatasetManifest
    private let rowBytes: () async throws -> [UInt8]
    private let fetched: () async throws -> any DataFile

    /// A version; its rows are fetched only where they are needed.
    init(
        _ version: DatasetVersionArgument, in project: ProjectName, from client: SlipwayClient,
        in folder: any TemporaryFolder, data: String?
    ) async throws {
        let dataset = version.dataset(in: project)
        let found = try await client.version(version.selector, of: dataset)
        let number = DatasetSelector.number(found.version)
        name = "\(found.dataset)@\(found.version)"
        record = try await client.record(number, of: dataset)
        rowBytes = { try await client.rowDigests(number, of: dataset) }
        let path = "\(folder.path)/\(found.dataset)-\(found.version).\(record.format.fileExtension)"
        fetched = {
            // Asked for twice, it is fetched once.
            if try Tools.required().isThere(path) {
                return try Tools.required().dataFile(path, format: nil, data: data)
            }
            return try await RemoteData(
                DatasetVersionArgument(name: version.name, selector: number), in: project, from: client, at: path,
                data: data)
        }
    }

    /// - Parameter key: Columns that tell rows apart, as far as the file has them.
    init(_ file: any DataFile, key: [String]) throws {
        let columns = Set(try file.surveyed().map(\.name))
        let read = try ReadDataset(file, key: Set(key).isSubset(of: columns) ? key : [])
        name = file.name
        record = read.manifest
        rowBytes = { read.rowDigests }
        fetched = { file }
    }

    func file() async throws -> any DataFile { try await fetched() }

    /// What each row says in columns that both sides have.
    ///
    /// - Throws: `DAT-004` where the rows are not kept.
    func rows(beside other: ComparedData) async throws -> [RowDifference.Row] {
        let names = Set(record.columns.map(\.name))
        let others = Set(other.record.columns.map(\.name))
        let key = record.key == other.record.key ? record.key : []
        if names == others, key == record.key {
            return record.digests(try await rowBytes())
        }
        return try await file().rowDigests(of: names.intersection(others), key: key)
    }
}
