// SPDX-License-Identifier: Apache-2.0
import AccessControl
import Foundation
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import TestSupport
import Testing

struct MigrationTests {
    private let time = Timestamp(microseconds: 5)
    private let first = SQLSchema.Migration(number: 1, statements: ["CREATE TABLE one (a INTEGER NOT NULL)"])
    private let second = SQLSchema.Migration(
        number: 2, statements: ["CREATE TABLE two (b INTEGER NOT NULL)", "INSERT INTO two (b) SELECT a FROM one"])

    @Test func anOldDatabaseIsCopiedAndBroughtForward() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/registry.sqlite"
            let old = try await SQLiteDatabase.open(at: path, schema: schema(first), time: time)
            try await old.write { try $0.execute("INSERT INTO one (a) VALUES (7)", [:]) }
            try old.close()

            let new = try await SQLiteDatabase.open(at: path, schema: schema(first, second), time: time)
            #expect(try await new.read { try $0.rows("SELECT b FROM two", [:]).map { $0["b"] } } == [.integer(7)])
            try new.close()

            // The copy is the database from before: it opens with the old schema, and has no second table.
            let copy = try await SQLiteDatabase.open(at: path + ".schema-1", schema: schema(first), time: time)
            #expect(try await copy.read { try $0.rows("SELECT a FROM one", [:]).map { $0["a"] } } == [.integer(7)])
            await #expect(throws: StoreFailure.self) {
                try await copy.read { _ = try $0.rows("SELECT b FROM two", [:]) }
            }
            #expect(try mode(of: path + ".schema-1") == 0o600)
        }
    }

    /// What was deployed before there were settings has the standard ones.
    @Test func endpointsFromBeforeSettingsKeepAnswering() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/registry.sqlite"
            let before = SQLSchema(
                bookkeeping: SQLSchema.sqlite.bookkeeping, migrations: Array(SQLSchema.sqlite.migrations.prefix(1)))
            let old = try await SQLiteDatabase.open(at: path, schema: before, time: time)
            try await old.write { store in
                // As that version wrote it.
                for statement in [
                    "INSERT INTO project VALUES ('default', 1)", "INSERT INTO model VALUES ('default', 'churn', 1)",
                    "INSERT INTO model_version VALUES ('default', 'churn', 1, NULL, NULL, 'ready', NULL, 1, 'ada')",
                    "INSERT INTO endpoint VALUES ('default', 'churn', 1)",
                    """
                    INSERT INTO deployment VALUES ('default', 'churn', 1, 'default', 'churn', 1, NULL, NULL, 10, 'ada')
                    """,
                ] { try store.execute(statement, [:]) }
            }
            try old.close()
            let new = try await SQLiteDatabase.open(at: path, time: time)
            let store = SQLRegistryStore(database: new)
            let settings = try await store.read { try $0.endpoint(churnEndpoint, in: .standard)?.settings }
            #expect(settings == .standard)
            #expect(FileManager.default.fileExists(atPath: path + ".schema-1"))
            try new.close()
        }
    }

    /// Tokens from before there were roles of today go on to open what they opened.
    @Test func tokensFromBeforeSeveralRolesKeepWorking() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/registry.sqlite"
            let before = SQLSchema(
                bookkeeping: SQLSchema.sqlite.bookkeeping, migrations: Array(SQLSchema.sqlite.migrations.prefix(2)))
            let old = try await SQLiteDatabase.open(at: path, schema: before, time: time)
            let tokens: [(role: String, scope: String?)] = [
                ("administrator", nil), ("viewer", nil), ("predictor", nil), ("predictor", "churn"),
            ]
            try await old.write { transaction in
                for (index, token) in tokens.enumerated() {
                    try transaction.execute(
                        """
                        INSERT INTO credential (token_digest, principal, role, scope, created_at)
                        VALUES (:digest, :name, :role, :scope, :time)
                        """,
                        [
                            "digest": .text(Digest(of: "\(index)".utf8).hex), "name": .text("p\(index)"),
                            "role": .text(token.role), "scope": token.scope.map { .text($0) } ?? .null,
                            "time": .integer(Int64(index)),
                        ])
                }
            }
            try old.close()
            let new = try await SQLiteDatabase.open(at: path, time: time)
            let credentials = try await SQLCredentialStore(database: new).credentials()
                .sorted { $0.createdAt < $1.createdAt }
            #expect(credentials.map(\.roles) == [[.admin], [.viewer, .predictor], [.predictor], [.predictor]])
            #expect(credentials.map(\.scope) == [.all, .all, .all, Scope(endpoints: [churnEndpoint])])
            #expect(credentials.map(\.principal.rawValue) == ["p0", "p1", "p2", "p3"])
            #expect(credentials.allSatisfy { $0.expiresAt == nil && $0.note == nil })
            let projects = try await SQLRegistryStore(database: new).read { try $0.projects() }
            #expect(projects.map(\.name) == [.standard] && projects.first?.createdAt == time)
            try new.close()
        }
    }

    @Test func aDatabaseThatIsUpToDateIsNotCopied() async throws {
        try await withTemporaryFolder { folder async throws in
            for _ in 0..<2 {
                let database = try await SQLiteDatabase.open(
                    at: "\(folder)/r.sqlite", schema: schema(first, second), time: time)
                try database.close()
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names.filter { $0.contains("schema-") || $0.contains("unfinished") }.isEmpty)
        }
    }

    @Test func aNewerDatabaseIsRefusedAndLeftAlone() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/r.sqlite"
            try await SQLiteDatabase.open(at: path, schema: schema(first, second), time: time).close()
            await expectCode(.schemaNewer) {
                _ = try await SQLiteDatabase.open(at: path, schema: schema(first), time: time)
            }
            try await SQLiteDatabase.open(at: path, schema: schema(first, second), time: time).close()
        }
    }

    @Test func anEditedMigrationIsRefused() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/r.sqlite"
            try await SQLiteDatabase.open(at: path, schema: schema(first), time: time).close()
            let edited = SQLSchema.Migration(number: 1, statements: ["CREATE TABLE one (a TEXT NOT NULL)"])
            await #expect {
                _ = try await SQLiteDatabase.open(at: path, schema: schema(edited), time: time)
            } throws: { ($0 as? StoreFailure)?.reason == .migrationEdited(number: 1) }
        }
    }

    @Test func aMigrationThatFailsLeavesTheDatabaseAsItWas() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/r.sqlite"
            try await SQLiteDatabase.open(at: path, schema: schema(first), time: time).close()
            let broken = SQLSchema.Migration(
                number: 2, statements: ["CREATE TABLE two (b INTEGER NOT NULL)", "INSERT INTO nowhere VALUES (1)"])
            await #expect(throws: StoreFailure.self) {
                _ = try await SQLiteDatabase.open(at: path, schema: schema(first, broken), time: time)
            }
            let database = try await SQLiteDatabase.open(at: path, schema: schema(first, second), time: time)
            #expect(try await database.read { try $0.rows("SELECT b FROM two", [:]).isEmpty })
        }
    }

    private func schema(_ migrations: SQLSchema.Migration...) -> SQLSchema {
        SQLSchema(bookkeeping: SQLSchema.sqlite.bookkeeping, migrations: migrations)
    }
}

func mode(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}
