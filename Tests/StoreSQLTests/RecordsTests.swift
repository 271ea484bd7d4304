// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelRegistry
import PlatformBackup
import PortContracts
import StoreSQL
import TestSupport
import Testing

/// Rows move between databases, of either product, and stay what they are.
struct RecordsTests {
    enum Product: CaseIterable { case sqlite, postgreSQL }

    @Test func theListOfTablesIsWhatIsThere() async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(at: "\(folder)/r", time: someTime)
            let present = try await database.read { transaction in
                try transaction.rows(
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migration' ORDER BY name",
                    [:]
                ).map { $0["name"] }
            }
            #expect(present == SQLSchema.sqlite.tables.sorted().map(SQLValue.text))
        }
    }

    @Test(arguments: Product.allCases, Product.allCases)
    func everyRowComesBackInEitherProduct(_ from: Product, _ to: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            let old = try await openDatabase(from, in: folder)
            try await fillRecords(old)
            let sink = MemorySink()
            let snapshot = try await SQLPlatformRecords(database: old).dump(into: sink)
            let bytes = sink.bytes
            let manifest = makeManifest(snapshot, bytes)
            let new: any SQLDatabase
            switch to {
            case .sqlite:
                try await restoration(manifest, bytes).restore(toFile: "\(folder)/new", at: someTime)
                new = try await SQLiteDatabase.open(at: "\(folder)/new", time: someTime)
            case .postgreSQL:
                let url = try await PostgreSQLCluster.shared().makeDatabase()
                try await restoration(manifest, bytes).restore(toServer: url, at: someTime)
                new = try await PostgreSQLDatabase.open(url: url, time: someTime)
                // A database with something in it is not filled a second time.
                await expectCode(.restoreTargetTaken) {
                    try await restoration(manifest, bytes).restore(toServer: url, at: someTime)
                }
            }
            let again = MemorySink()
            let copied = try await SQLPlatformRecords(database: new).dump(into: again)
            #expect(copied.tables == snapshot.tables && copied.ledgerHead == snapshot.ledgerHead)
            #expect(recordLines(again.bytes) == recordLines(bytes))
            #expect(Set(copied.references) == Set(snapshot.references) && !snapshot.references.isEmpty)
            let registry = ModelRegistry(store: SQLRegistryStore(database: new), now: { someTime })
            #expect(try await registry.verifyLedger().head.size == snapshot.ledgerCount)
            try old.close()
            try new.close()
        }
    }

    @Test func rowsOfAnOlderSchemaAreBroughtOn() async throws {
        try await withTemporaryFolder { folder async throws in
            let old = try await SQLiteDatabase.open(
                at: "\(folder)/old", schema: SQLSchema.sqlite.first(5), time: someTime)
            try await old.write { try $0.execute(insertProject, ["name": .text("growth"), "time": .integer(1)]) }
            let sink = MemorySink()
            let snapshot = try await SQLPlatformRecords(
                database: old, tables: SQLSchema.sqlite.first(5).tables
            ).dump(into: sink)
            #expect(snapshot.schema == 5)
            let bytes = sink.bytes
            try await restoration(makeManifest(snapshot, bytes), bytes).restore(toFile: "\(folder)/new", at: someTime)
            let new = try await SQLiteDatabase.open(at: "\(folder)/new", time: someTime)
            let projects = try await SQLRegistryStore(database: new).read { try $0.projects().map(\.name.rawValue) }
            #expect(projects == ["default", "growth"])
        }
    }

    @Test func rowsThatAreNotOursAreRefusedAndNothingIsKept() async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await openDatabase(.sqlite, in: folder)
            let sink = MemorySink()
            let snapshot = try await SQLPlatformRecords(database: database).dump(into: sink)
            let lines = [
                #"{"table":"sqlite_schema","columns":["name"]}"#, #"{"table":"project","columns":["name); DROP"]}"#,
                "[1]", #"{"table":"project","columns":["name","created_at"]}"# + "\n" + #"["a"]"#, "nonsense",
                "[[1,2]]",
                #"{"table":"project","columns":[]}"#, #"{"table":"project","columns":["name","created_at"]}"#,
            ]
            for (index, line) in lines.enumerated() {
                let bytes = Array(line.utf8) + (index == lines.count - 1 ? [] : [0x0A])
                await expectCode(.backupDamaged) {
                    try await restoration(makeManifest(snapshot, bytes), bytes).restore(
                        toFile: "\(folder)/bad-\(index)", at: someTime)
                }
            }
            let newer = RecordSnapshot(schema: 99, tables: [], ledgerHead: nil, ledgerCount: 0, references: [])
            await expectCode(.schemaNewer) {
                try await restoration(makeManifest(newer, []), []).restore(
                    toFile: "\(folder)/n", at: someTime)
            }
        }
    }
}
