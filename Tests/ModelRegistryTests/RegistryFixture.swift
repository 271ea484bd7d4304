// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import Synchronization
import TestSupport
import Testing

/// A registry in a database of its own.
struct RegistryFixture {
    let registry: ModelRegistry
    let database: SQLiteDatabase

    static func with(_ body: (RegistryFixture) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(at: "\(folder)/r.sqlite", time: Timestamp(microseconds: 1))
            let clock = Clock()
            let registry = ModelRegistry(store: SQLRegistryStore(database: database)) { clock.tick() }
            try await body(RegistryFixture(registry: registry, database: database))
        }
    }

    /// Registers versions 1 to `count` of ``churn``, each with a bundle of its own.
    func register(_ count: Int, of model: ModelReference = churn) async throws {
        for number in 1...count {
            let version = try await registry.register(
                model, manifest: bundle(number), provenance: bundle(0), origin: .original, by: "alice")
            #expect(version.number == number)
        }
    }

    func deploy(_ version: Int) async throws -> Deployment {
        try await registry.recordDeployment(
            to: churnEndpoint, model: churn, version: version, by: "alice", reason: nil)
    }

    func rollBack() async throws -> Deployment {
        try await registry.recordRollback(of: churnEndpoint, by: "bob", reason: nil)
    }

    /// What the ledger says was done, and to what.
    func ledger() async throws -> [String] {
        try await registry.ledger(limit: 1000).map { "\($0.change.action) \($0.change.object)" }
    }
}

func bundle(_ number: Int) -> Digest { Digest(of: "bundle \(number)".utf8) }

/// A clock that moves by a microsecond each time it is looked at.
private final class Clock: Sendable {
    private let now = Mutex<Int64>(1_000_000)

    func tick() -> Timestamp {
        now.withLock { now in
            now += 1
            return Timestamp(microseconds: now)
        }
    }
}
