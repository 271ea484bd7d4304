// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PlatformReplicas
import PortContracts
import StoreSQL
import TestSupport
import Testing

/// What servers that share a database tell each other, and how they come to newer tables.
struct SharedDatabaseTests {
    private let time = Timestamp(microseconds: 5)

    private func schema(_ extra: Int) -> SQLSchema {
        let known = SQLSchema.sqlite
        let further = (0..<extra).map { index in
            SQLSchema.Migration(
                number: known.migrations.count + index + 1,
                statements: ["CREATE TABLE extra_\(index) (a INTEGER NOT NULL) STRICT"])
        }
        return SQLSchema(bookkeeping: known.bookkeeping, migrations: known.migrations + further).forPostgreSQL
    }

    private func replica(_ id: String, knowing schema: SQLSchema) -> Replica {
        Replica(
            id: id, host: "host-\(id)", place: id, processID: 1, version: "1", schema: schema.migrations.count)
    }

    @Test func newTablesWaitForThoseThatDoNotKnowThem() async throws {
        let url = try await PostgreSQLCluster.shared().makeDatabase()
        let old = try await PostgreSQLDatabase.open(url: url, schema: schema(0), time: time, claim: 1)
        let store = SQLReplicaStore(database: old)
        _ = try await store.join(replica("old", knowing: schema(0)))
        // It is heard of for as long as the test takes, on a busy machine too.
        try await old.write { try $0.execute("UPDATE replica SET heard_at = heard_at + 3600000000", [:]) }
        // Beside it a newer one starts, and works on the tables that are there.
        let new = try await PostgreSQLDatabase.open(url: url, schema: schema(1), time: time, claim: 1)
        _ = try await SQLReplicaStore(database: new).join(replica("new", knowing: schema(1)))
        #expect(try await PostgreSQLDatabase.inspect(url: url).schemaNumber == schema(0).migrations.count)
        // Two steps at a time are too many.
        await expectCode(.schemaHeld) {
            _ = try await PostgreSQLDatabase.open(url: url, schema: schema(2), time: time, claim: 1)
        }
        try await new.bringUpToDate(schema(1), at: time)
        #expect(try await PostgreSQLDatabase.inspect(url: url).schemaNumber == schema(0).migrations.count)
        try await store.leave("old")
        try old.close()
        try await new.bringUpToDate(schema(1), at: time)
        #expect(try await PostgreSQLDatabase.inspect(url: url).schemaNumber == schema(1).migrations.count)
        #expect(try await SQLReplicaStore(database: new).pulse().schema == schema(1).migrations.count)
        try new.close()
    }

    @Test func whoIsLostHoldsNothingUp() async throws {
        let url = try await PostgreSQLCluster.shared().makeDatabase()
        let old = try await PostgreSQLDatabase.open(url: url, schema: schema(0), time: time)
        _ = try await SQLReplicaStore(database: old).join(replica("old", knowing: schema(0)))
        try await old.write { try $0.execute("UPDATE replica SET heard_at = heard_at - 16000000", [:]) }
        try await PostgreSQLDatabase.open(url: url, schema: schema(2), time: time).close()
        #expect(try await PostgreSQLDatabase.inspect(url: url).schemaNumber == schema(2).migrations.count)
        try old.close()
    }

    @Test func whoStartsAgainIsInItsOwnPlace() async throws {
        try await PostgreSQLFixture.with { fixture in
            let store = SQLReplicaStore(database: fixture.database)
            let replicas = ["a", "b", "c"].map { id in
                Replica(id: id, host: "h", place: id == "c" ? "y" : "x", processID: 1, version: "1", schema: 7)
            }
            for one in replicas { _ = try await store.join(one) }
            // Two at one place may be one that takes over from the other.
            #expect(try await store.replicas().map(\.replica.id) == ["a", "b", "c"])
            try await fixture.execute("UPDATE replica SET heard_at = heard_at - 16000000 WHERE id IN ('a', 'c')")
            let records = try await store.replicas()
            #expect(records.map(\.replica.id) == ["b", "c"] && records.map(\.isLive) == [true, false])
            try await fixture.execute("UPDATE replica SET heard_at = heard_at - 90000000000 WHERE id = 'c'")
            _ = try await store.join(Replica(id: "d", host: "h", place: "z", processID: 1, version: "1", schema: 7))
            #expect(try await fixture.rows("SELECT id FROM replica ORDER BY id").count == 3)
        }
    }

    @Test func aServerOfBeforeKeepsTheOthersAwayUnlessItIsFollowed() async throws {
        try await PostgreSQLFixture.with { fixture in
            let old = try await PostgreSQLDatabase.open(url: fixture.url, time: time, claim: 4711)
            let shared = PostgreSQLDatabase.sharedClaim
            try await PostgreSQLDatabase.open(url: fixture.url, time: time, claim: shared, besides: 4711).close()
            await expectCode(.dataFolderInUse) {
                _ = try await PostgreSQLDatabase.open(url: fixture.url, time: time, claim: shared)
            }
            try old.close()
            let new = try await PostgreSQLDatabase.open(url: fixture.url, time: time, claim: shared)
            try await PostgreSQLDatabase.open(url: fixture.url, time: time, claim: shared).close()
            await expectCode(.dataFolderInUse) {
                _ = try await PostgreSQLDatabase.open(url: fixture.url, time: time, claim: 4711)
            }
            try new.close()
        }
    }

    @Test func whatTheLedgerTellsOfIsHintedAt() async throws {
        try await PostgreSQLFixture.with { fixture in
            let hints = try PostgreSQLDatabase.hints(url: fixture.url)
            let registry = ModelRegistry(store: SQLRegistryStore(database: fixture.database), now: { time })
            let before = try await SQLReplicaStore(database: fixture.database).pulse()
            // Until it listens: what was told before is told to nobody.
            let telling = Task {
                while !Task.isCancelled {
                    try await registry.record("platform.sweep", "platform", after: nil, by: "ada")
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(await hints.first { _ in true } != nil)
            telling.cancel()
            _ = try? await telling.value
            #expect(try await SQLReplicaStore(database: fixture.database).pulse() != before)
        }
    }

    @Test func aRegistryIsBoundToOneFolder() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let placement = SQLPlacement(database: fixture.database)
            #expect(try await placement.platform(orElse: "p") == "p")
            #expect(try await placement.platform(orElse: "q") == "p")
            #expect(try await placement.contents(orElse: "x") == "x")
            #expect(try await placement.contents(orElse: "y") == "x")
        }
    }
}
