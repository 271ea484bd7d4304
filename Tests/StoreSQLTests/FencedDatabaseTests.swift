// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PlatformReplicas
import PortContracts
import StoreSQL
import TestSupport
import Testing

struct FencedDatabaseTests {
    private let replica = Replica(id: "a", host: "h", place: "p", processID: 1, version: "1", schema: 7)

    @Test func whoseWorkWasTakenOverWritesNothing() async throws {
        try await PostgreSQLFixture.with { fixture in
            let store = SQLReplicaStore(database: fixture.database)
            let registry = ModelRegistry(
                store: SQLRegistryStore(database: FencedDatabase(fixture.database)),
                now: { Timestamp(microseconds: 1) })
            let first = try #require(try await store.take(.clearing, for: "a", lasting: .milliseconds(1)).lease)
            let isWritten = { @Sendable (lease: Lease) async throws in
                try await Lease.$held.withValue([lease]) {
                    try await registry.record("platform.sweep", "platform", after: nil, by: "ada")
                }
            }
            // Its time may be up: as long as nobody else has it, it is alone.
            try await Task.sleep(for: .milliseconds(20))
            try await isWritten(first)
            let second = try #require(try await store.take(.clearing, for: "b", lasting: .seconds(3600)).lease)
            await expectCode(.leaseLost) { try await isWritten(first) }
            try await isWritten(second)
            // With several, all of them count.
            await expectCode(.leaseLost) {
                try await Lease.$held.withValue([first, second]) {
                    try await registry.record("platform.sweep", "platform", after: nil, by: "ada")
                }
            }
            try await store.giveBack(second, of: "b")
            await expectCode(.leaseLost) { try await isWritten(second) }
            #expect(try await registry.ledger(limit: 10).count == 2)
            // Who holds nothing writes as ever.
            try await registry.record("platform.sweep", "platform", after: nil, by: "ada")
        }
    }

    @Test func workThatIsDoneAloneIsDoneByOne() async throws {
        try await PostgreSQLFixture.with { fixture in
            let store = SQLReplicaStore(database: fixture.database)
            let replicas = ["a", "b"].map { id in
                Replicas(
                    Replica(id: id, host: "host-\(id)", place: id, processID: 1, version: "1", schema: 7), store: store,
                    startedAt: Timestamp(microseconds: 1), observe: { [] })
            }
            for one in replicas { _ = try await one.join() }
            try await replicas[0].alone(.clearing) {
                try replicas[0].requireLeases()
                await expectCode(.workTaken) { try await replicas[1].alone(.clearing) {} }
                // Other work is nobody's.
                try await replicas[1].alone(.graphs) {}
                try await replicas[0].beat()
                try replicas[0].requireLeases()
            }
            try await replicas[1].alone(.clearing) {
                // Taken away, as from one that was suspended.
                try await fixture.execute("UPDATE lease SET ends_at = 0")
                guard case .taken = try await store.take(.clearing, for: "a", lasting: .seconds(60)) else {
                    return #expect(Bool(false), "its time was up")
                }
            }
        }
    }
}

extension LeaseOutcome {
    fileprivate var lease: Lease? { if case .taken(let lease) = self { lease } else { nil } }
}
