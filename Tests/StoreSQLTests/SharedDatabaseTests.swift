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
        _ = try await store.join(replica("old", knowing: schema(0)), alone: true)
        // Beside it a newer one starts, and works on the tables that are there.
        let new = try await PostgreSQLDatabase.open(url: url, schema: schema(1), time: time, claim: 1)
        _ = try await SQLReplicaStore(database: new).join(replica("new", knowing: schema(1)), alone: true)
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
        _ = try await SQLReplicaStore(database: old).join(replica("old", knowing: schema(0)), alone: true)
        try await old.write { try $0.execute("UPDATE replica SET heard_at = heard_at - 16000000", [:]) }
        try await PostgreSQLDatabase.open(url: url, schema: schema(2), time: time).close()
        #expect(try await PostgreSQLDatabase.inspect(url: url).schemaNumber == schema(2).migrations.count)
        try old.close()
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
