// SPDX-License-Identifier: Apache-2.0
import ExperimentTracking
import ModelDomain
import ModelRegistry
import PlatformBackup
import PortContracts
import StoreSQL
import Synchronization
import TestSupport

let someTime = Timestamp(microseconds: 1_700_000_000_000_000)

func makeManifest(_ snapshot: RecordSnapshot, _ bytes: [UInt8]) -> BackupManifest {
    let part = BackupManifest.Part(name: "registry-0.jsonl", digest: Digest(of: bytes), byteCount: bytes.count)
    return BackupManifest(
        madeAt: someTime.text, tool: "test", snapshot: snapshot, records: part, contents: part, contentCount: 0,
        contentBytes: 0, missing: [])
}

func restoration(_ manifest: BackupManifest, _ bytes: [UInt8]) -> SQLRestoration {
    let rows: SQLRestoration.Rows = { pieces(bytes) }
    return SQLRestoration(manifest, rows: rows)
}

/// In pieces of a length that fits nothing.
private func pieces(_ bytes: [UInt8]) -> @Sendable () throws -> [UInt8]? {
    let reader = Reader()
    return {
        reader.position.withLock { position in
            guard position < bytes.count else { return nil }
            defer { position += 61 }
            return Array(bytes[position..<min(position + 61, bytes.count)])
        }
    }
}

/// Rows have no order of their own.
func recordLines(_ bytes: [UInt8]) -> [String] {
    var table = ""
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
        if line.hasPrefix("{") { table = String(line) }
        return table + line
    }.sorted()
}

private final class Reader: Sendable {
    let position = Mutex<Int>(0)
}

final class MemorySink: RecordSink {
    private let kept = Mutex<[UInt8]>([])
    var bytes: [UInt8] { kept.withLock(\.self) }
    func restart() { kept.withLock { $0 = [] } }
    func write(_ bytes: [UInt8]) { kept.withLock { $0 += bytes } }
}

func openDatabase(_ product: RecordsTests.Product, in folder: String) async throws -> any SQLDatabase {
    switch product {
    case .sqlite: return try await SQLiteDatabase.open(at: "\(folder)/old", time: someTime)
    case .postgreSQL:
        return try await PostgreSQLDatabase.open(
            url: try await PostgreSQLCluster.shared().makeDatabase(), time: someTime)
    }
}

/// Something of everything (but the negative zero, whose sign SQLite does not keep): numbers at their ends, texts with every kind of sign, no values, bytes.
func fillRecords(_ database: any SQLDatabase) async throws {
    let registry = ModelRegistry(store: SQLRegistryStore(database: database), now: { someTime })
    _ = try await registry.register(
        churn, manifest: Digest(of: [1]), provenance: Digest(of: [2]), origin: .original, by: "alice")
    try await registry.setAlias(champion, of: churn, to: .number(1), by: "bob \u{1F333} \"'\\\n")
    _ = try await registry.recordDeployment(
        to: churnEndpoint, model: churn, version: 1, by: "alice", reason: "because; DROP TABLE run")
    let tracking = ExperimentTracking(store: SQLTrackingStore(database: database), now: { someTime })
    let project = try await tracking.in(.standard)
    let run = try await project.startRun(in: .standard, name: "näh", user: "", startedAt: 0, tags: []).info.id
    try await project.record(
        in: run,
        metrics: [0.1, -0.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .nan, .infinity, -.infinity, 3]
            .enumerated().map {
                MetricPoint(key: "m", value: $1, timestamp: Int64($0), step: .min + Int64($0))
            }, params: [KeyedText("p", "{\"table\":\"run\"}")], tags: [KeyedText("t", "\u{0001}é\u{301}")])
    try await project.setArtifact(
        .files(of: project.runInfo(run)).appending("a/b.bin"), content: Digest(of: [3]), byteCount: 1)
}
