// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

@testable import StoreSQL

/// Statements as PostgreSQL takes them. What they do there, other tests show.
struct StatementTests {
    @Test(arguments: [
        ("SELECT :a, :b, :a", "SELECT  $1,  $2,  $1", [SQLValue.integer(1), .text("b")]),
        ("LIMIT:a", "LIMIT $1", [.integer(1)]),
        ("SELECT :none IS NULL", "SELECT  NULL IS NULL", []),
        ("SELECT ':a' || \":b\", 'it''s :a'", "SELECT ':a' || \":b\", 'it''s :a'", []),
        ("SELECT :a::bigint, x::text", "SELECT  $1::bigint, x::text", [.integer(1)]),
        ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n,  $1", [.text("b")]),
        ("/* :a /* :b */ :a */ :b", "/* :a /* :b */ :a */  $1", [.text("b")]),
        ("SELECT a[1:2], ':", "SELECT a[1:2], ':", []),
        ("SELECT :aAndMore, :über", "SELECT  $1, :über", [.integer(3)]),
    ])
    func namesBecomeNumbers(_ statement: String, _ expected: String, _ values: [SQLValue]) throws {
        let positioned = try PositionedStatement(
            statement, ["a": .integer(1), "b": .text("b"), "none": .null, "aAndMore": .integer(3)])
        #expect(positioned.text == expected)
        #expect(positioned.values == values)
    }

    @Test func aNameWithoutAValueIsRefused() {
        #expect(throws: StoreFailure.self) { try PositionedStatement("SELECT :a", ["b": .null]) }
    }

    @Test(arguments: [
        (
            "CREATE TABLE t (a INTEGER NOT NULL, b TEXT, c BLOB, d REAL DEFAULT 0.5) STRICT",
            #"CREATE TABLE t (a BIGINT NOT NULL, b TEXT COLLATE "C", c BYTEA, d DOUBLE PRECISION DEFAULT 0.5) "#
        ),
        (
            "CREATE TABLE t (text TEXT DEFAULT ' TEXT ', \"blob\" BLOB, PRIMARY KEY (text)) STRICT, WITHOUT ROWID",
            #"CREATE TABLE t (text TEXT COLLATE "C" DEFAULT ' TEXT ', "blob" BYTEA, PRIMARY KEY (text)) "#
        ),
        ("create table t (a text) without rowid", #"create table t (a TEXT COLLATE "C") "#),
        (
            "CREATE TABLE t (a TEXT CHECK (CAST(a AS TEXT) <> 'x'))",
            #"CREATE TABLE t (a TEXT COLLATE "C" CHECK (CAST(a AS TEXT) <> 'x'))"#
        ),
        (
            "ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT ''",
            #"ALTER TABLE t ADD COLUMN b TEXT COLLATE "C" NOT NULL DEFAULT ''"#
        ),
        ("CREATE INDEX i ON t (a, b) WHERE b IS NOT NULL", "CREATE INDEX i ON t (a, b) WHERE b IS NOT NULL"),
        ("INSERT INTO t (a) SELECT CAST(b AS INTEGER) FROM u", "INSERT INTO t (a) SELECT CAST(b AS BIGINT) FROM u"),
        ("ALTER TABLE t ADD COLUMN blob INT", "ALTER TABLE t ADD COLUMN blob BIGINT"),
        (
            "UPDATE t SET blob = real, a = 'INTEGER', b = x'00fF'",
            #"UPDATE t SET blob = real, a = 'INTEGER', b = '\x00fF'::BYTEA"#
        ),
        ("CREATE TABLE t AS SELECT (1) AS strict", "CREATE TABLE t AS SELECT (1) AS strict"),
    ])
    func definitionsAreTranslated(_ statement: String, _ expected: String) {
        #expect(inPostgreSQL(statement) == expected)
    }

    /// What was released is translated as it was then: databases were made with it.
    @Test(arguments: [
        (1, "dad8668df18d276e15e81d2e2bd0de40d2c7a105185e07b0961f00ca586d7e40"),
        (2, "bf28d0c394ebc34f729ed4bc209860edeafbfd84d573bb5e3bdb93c88b3dfc59"),
    ])
    func whatWasReleasedIsTranslatedAsBefore(_ number: Int, _ digest: String) throws {
        let migration = SQLSchema.postgreSQL.migrations[number - 1]
        #expect(Digest(of: migration.statements.joined(separator: ";").utf8).hex == digest)
        // And it is known by the digest of what was written down.
        #expect(migration.digest == SQLSchema.sqlite.migrations[number - 1].digest)
    }
}
