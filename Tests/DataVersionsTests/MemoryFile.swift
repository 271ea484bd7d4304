// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import DataTables
import DataVersions
import ModelDomain
import ModelExecution
import ModelRegistry
import PortContracts
import StoreSQL
import Synchronization
import TestSupport
import Testing

/// A file that lies in memory, and can change between two readings.
final class MemoryFile: DataFile {
    let name = "data.csv"
    let format: DataFormat
    private let contents: Mutex<[[UInt8]]>

    /// - Parameter contents: Of the first reading, the second, and so on; the last one stays.
    init(_ contents: String..., format: DataFormat = .csv) {
        self.contents = Mutex(contents.map { Array($0.utf8) })
        self.format = format
    }

    func pieces() throws -> @Sendable () throws -> [UInt8]? {
        let content = contents.withLock { contents in contents.count > 1 ? contents.removeFirst() : contents[0] }
        let rest = Mutex(content[...])
        return {
            rest.withLock { rest in
                let piece = Array(rest.prefix(70_000))
                rest = rest.dropFirst(70_000)
                return piece.isEmpty ? nil : piece
            }
        }
    }

    func converted() throws -> ConvertedTable { throw DatasetError.unknownFormat(name) }
}

/// Versions of data in a database and a folder of their own.
struct DataFixture {
    let datasets: DataVersions
    let blobs: BlobFiles
    let store: SQLDatasetStore

    static func with(_ body: (DataFixture) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(at: "\(folder)/r.sqlite", time: Timestamp(microseconds: 1))
            let blobs = try BlobFiles(folder: "\(folder)/contents")
            let store = SQLDatasetStore(database: database)
            let datasets = DataVersions(store: store, blobs: blobs, now: { Timestamp(microseconds: 7) })
            try await body(DataFixture(datasets: datasets, blobs: blobs, store: store))
        }
    }

    func put(_ bytes: [UInt8]) async throws -> Digest {
        let digest = Digest(of: bytes)
        try await blobs.put(digest, Pieces(bytes: bytes))
        return digest
    }

    /// Sends what is missing, as a client does.
    ///
    /// - Parameter without: How many of the contents to leave out.
    func send(
        _ read: ReadDataset, to dataset: DatasetReference = churnTrain, without: Int = 0
    ) async throws -> (record: Digest, proof: Digest?) {
        let record = Digest(of: read.manifest.canonicalBytes)
        let wanted = try await blobs.absent(among: Set(read.manifest.contents.map(\.digest)).sorted() + [record])
        var left = wanted.count - without
        let proof = try await read.contents(wanted: Set(wanted), for: dataset) { digest, bytes in
            // The record comes last, and is always sent.
            guard left > 1 || digest == record else { return }
            left -= 1
            let kept = try await put(bytes)
            #expect(kept == digest)
        }
        return (record, proof)
    }

    @discardableResult
    func add(
        _ file: MemoryFile, to dataset: DatasetReference = churnTrain, key: [String] = [], isKept: Bool = true
    ) async throws -> (version: DatasetVersion, isNew: Bool) {
        let (record, proof) = try await send(ReadDataset(file, key: key, isKept: isKept), to: dataset)
        return try await datasets.add(record, proof: proof, to: dataset, note: nil, by: "alice")
    }

    func data(of version: DatasetVersion) async throws -> String {
        let next = try await datasets.data(of: version)
        var bytes: [UInt8] = []
        while let piece = try await next() { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    func actions() async throws -> [String] {
        try await store.read { try $0.ledger(from: 0, limit: 100) }.map { "\($0.change.action) \($0.change.object)" }
    }
}

private struct Pieces: AsyncSequence, Sendable {
    typealias Failure = any Error

    let bytes: [UInt8]

    struct Iterator: AsyncIteratorProtocol {
        var rest: [UInt8]?

        mutating func next() async throws -> [UInt8]? {
            defer { rest = nil }
            return rest
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(rest: bytes) }
}

/// A table of so many rows, about 30 bytes each.
func csv(_ rows: Int, changing changed: Set<Int> = [], from first: Int = 0) -> String {
    (first..<(first + rows)).reduce(into: "id,amount,plan\n") { text, row in
        text += "\(row),\(Double(row * row % 1009) / 8),\(changed.contains(row) ? "changed" : "plan \(row % 7)")\n"
    }
}
