// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import TestSupport
import Testing

struct PostgreSQLMigrationTests {
    private let time = Timestamp(microseconds: 5)
    private let first = SQLSchema.Migration(number: 1, statements: ["CREATE TABLE one (a INTEGER NOT NULL) STRICT"])
    private let second = SQLSchema.Migration(
        number: 2,
        statements: ["CREATE TABLE two (b INTEGER NOT NULL) STRICT", "INSERT INTO two (b) SELECT a FROM one"])

    @Test func anOldDatabaseIsBroughtForward() async throws {
        let url = try await emptyDatabase()
        let old = try await PostgreSQLDatabase.open(url: url, schema: schema(first), time: time)
        try await old.write { try $0.execute("INSERT INTO one (a) VALUES (7)", [:]) }
        try old.close()
        #expect(try await PostgreSQLDatabase.needsMigration(url: url, schema: schema(first, second)))
        let new = try await PostgreSQLDatabase.open(url: url, schema: schema(first, second), time: time)
        #expect(try await new.read { try $0.rows("SELECT b FROM two", [:]).map { $0["b"] } } == [.integer(7)])
        #expect(try await PostgreSQLDatabase.needsMigration(url: url, schema: schema(first, second)) == false)
        #expect(try await PostgreSQLDatabase.inspect(url: url).schemaNumber == 2)
        try new.close()
    }

    @Test func anEmptyDatabaseNeedsMigration() async throws {
        let url = try await emptyDatabase()
        #expect(try await PostgreSQLDatabase.needsMigration(url: url))
        let found = try await PostgreSQLDatabase.inspect(url: url)
        #expect(found.schemaNumber == 0)
        #expect(try #require(Int(found.serverVersion.prefix { $0 != "." })) >= 15)
    }

    @Test func aNewerDatabaseIsRefusedAndLeftAlone() async throws {
        let url = try await emptyDatabase()
        try await PostgreSQLDatabase.open(url: url, schema: schema(first, second), time: time).close()
        await expectCode(.schemaNewer) {
            _ = try await PostgreSQLDatabase.open(url: url, schema: schema(first), time: time)
        }
        try await PostgreSQLDatabase.open(url: url, schema: schema(first, second), time: time).close()
    }

    @Test func anEditedMigrationIsRefused() async throws {
        let url = try await emptyDatabase()
        try await PostgreSQLDatabase.open(url: url, schema: schema(first), time: time).close()
        let edited = SQLSchema.Migration(number: 1, statements: ["CREATE TABLE one (a TEXT NOT NULL)"])
        await #expect {
            _ = try await PostgreSQLDatabase.open(url: url, schema: schema(edited), time: time)
        } throws: { ($0 as? StoreFailure)?.reason == .migrationEdited(number: 1) }
    }

    @Test func aMigrationThatFailsLeavesTheDatabaseAsItWas() async throws {
        let url = try await emptyDatabase()
        try await PostgreSQLDatabase.open(url: url, schema: schema(first), time: time).close()
        let broken = SQLSchema.Migration(
            number: 2, statements: ["CREATE TABLE two (b INTEGER NOT NULL)", "INSERT INTO nowhere VALUES (1)"])
        await #expect(throws: StoreFailure.self) {
            _ = try await PostgreSQLDatabase.open(url: url, schema: schema(first, broken), time: time)
        }
        let database = try await PostgreSQLDatabase.open(url: url, schema: schema(first, second), time: time)
        #expect(try await database.read { try $0.rows("SELECT b FROM two", [:]).isEmpty })
        try database.close()
    }

    /// As many servers as start at once: one makes the tables, the others find them.
    @Test func processesThatMigrateAtOnceWaitForEachOther() async throws {
        let url = try await emptyDatabase()
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { try await PostgreSQLDatabase.open(url: url, time: time, connections: 2).close() }
            }
            try await group.waitForAll()
        }
        #expect(try await PostgreSQLDatabase.inspect(url: url).schemaNumber == SQLSchema.sqlite.migrations.count)
    }

    /// Where a translation does not do, a migration has words of its own; the digest is that of what was written down.
    @Test func aMigrationMayHaveWordsOfItsOwn() async throws {
        let url = try await emptyDatabase()
        let third = SQLSchema.Migration(
            number: 2, statements: ["CREATE TABLE t (a INTEGER DEFAULT (unixepoch())) STRICT"],
            postgreSQL: ["CREATE TABLE t (a BIGINT DEFAULT (extract(epoch FROM now())::bigint))"])
        let database = try await PostgreSQLDatabase.open(url: url, schema: schema(first, third), time: time)
        try await database.write { try $0.execute("INSERT INTO t DEFAULT VALUES", [:]) }
        #expect(try await database.read { try $0.rows("SELECT a FROM t", [:]).count } == 1)
        try database.close()
    }

    /// Every text of ours compares byte by byte, although the database's own order is another.
    @Test func textsAreInTheOrderOfTheirBytes() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let others = try await fixture.rows(
                """
                SELECT table_name || '.' || column_name AS n FROM information_schema.columns
                WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
                """)
            #expect(others.isEmpty, "\(others)")
            let own = try await fixture.rows("SELECT 'B' < 'a' AS bytes")
            #expect(own.first?["bytes"] == .integer(0), "the test's database has to order otherwise to show it")
        }
    }

    /// Types are the widest, so that nothing is cut.
    @Test func everyColumnIsOfATypeThatComesBack() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let types = try await fixture.rows(
                "SELECT DISTINCT data_type AS t FROM information_schema.columns WHERE table_schema = 'public'")
            let known: Set<SQLValue?> = [.text("bigint"), .text("text"), .text("bytea"), .text("double precision")]
            #expect(Set(types.map { $0["t"] }).isSubset(of: known), "\(types)")
        }
    }

    /// A name that means something to PostgreSQL would be read as that where it is not quoted.
    @Test func noNameIsAWordOfTheProducts() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let reserved = try await fixture.rows(
                """
                SELECT column_name AS n FROM information_schema.columns JOIN pg_get_keywords() ON word = column_name
                WHERE table_schema = 'public' AND catcode IN ('R', 'T')
                UNION ALL
                SELECT table_name AS n FROM information_schema.tables JOIN pg_get_keywords() ON word = table_name
                WHERE table_schema = 'public' AND catcode IN ('R', 'T')
                """)
            #expect(reserved.isEmpty, "\(reserved)")
        }
    }

    /// What was deployed before there were settings has the standard ones.
    @Test func endpointsFromBeforeSettingsKeepAnswering() async throws {
        let url = try await emptyDatabase()
        let before = SQLSchema(
            bookkeeping: SQLSchema.sqlite.bookkeeping, migrations: Array(SQLSchema.sqlite.migrations.prefix(1)))
        let old = try await PostgreSQLDatabase.open(url: url, schema: before.forPostgreSQL, time: time)
        try await old.write { transaction in
            for (statement, values) in [
                ("INSERT INTO project (name, created_at) VALUES ('default', 1)", [:]),
                ("INSERT INTO model (project, name, created_at) VALUES ('default', 'churn', 1)", [:]),
                (
                    """
                    INSERT INTO model_version (project, model, number, status, created_at, created_by)
                    VALUES ('default', 'churn', 1, 'ready', 1, 'alice')
                    """, [:]
                ),
                ("INSERT INTO endpoint (project, name, created_at) VALUES ('default', 'churn', 1)", [:]),
                (
                    """
                    INSERT INTO deployment
                        (project, endpoint, generation, model_project, model, version, created_at, created_by)
                    VALUES ('default', 'churn', 1, 'default', 'churn', 1, :time, 'alice')
                    """, ["time": SQLValue.integer(10)]
                ),
            ] { try transaction.execute(statement, values) }
        }
        try old.close()
        let new = try await PostgreSQLDatabase.open(url: url, time: time)
        let endpoint = try await SQLRegistryStore(database: new).read { try $0.endpoint(churnEndpoint, in: .standard) }
        #expect(endpoint?.settings == .standard)
        #expect(endpoint?.current.version == 1)
        try new.close()
    }

    private func emptyDatabase() async throws -> String { try await PostgreSQLCluster.shared().makeDatabase() }

    private func schema(_ migrations: SQLSchema.Migration...) -> SQLSchema {
        SQLSchema(bookkeeping: SQLSchema.sqlite.bookkeeping, migrations: migrations).forPostgreSQL
    }
}
