// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import PortContracts
import StoreSQL
import Synchronization
import Testing

/// Values, transactions, and what others change at the same time.
struct PostgreSQLDatabaseTests {
    /// Every value comes back to the last bit, as a parameter and through a table.
    @Test(arguments: values)
    func everyValueComesBack(_ value: SQLValue) async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let back = try await fixture.rows("SELECT :v AS v", ["v": value]).first?["v"]
            #expect(back.map { isSame($0, value) } == true, "\(String(describing: back).prefix(200))")
            try await fixture.database.write { transaction in
                try transaction.execute("CREATE TABLE kept (i BIGINT, r DOUBLE PRECISION, t TEXT, b BYTEA)", [:])
                try transaction.execute("INSERT INTO kept (\(column(of: value))) VALUES (:v)", ["v": value])
            }
            let kept = try await fixture.rows("SELECT \(column(of: value)) AS v FROM kept").first?["v"]
            #expect(kept.map { isSame($0, value) } == true, "\(String(describing: kept).prefix(200))")
        }
    }

    @Test func severalValuesKeepTheirNames() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let values: [String: SQLValue] = [
                "a": .null, "b": .integer(.min), "c": .real(0.1), "d": .text("ü"), "e": .blob([0, 255]), "f": .blob([]),
            ]
            let row = try await fixture.rows("SELECT :f AS f, :e AS e, :d AS d, :c AS c, :b AS b, :a AS a", values)
                .first
            for (name, value) in values { #expect(row?[name] == value, "\(name)") }
            #expect(row?["g"] == nil)
        }
    }

    @Test func namesInQuotesAndCommentsAreNoParameters() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let row = try await fixture.rows(
                """
                SELECT ':a' AS quoted, 'it''s :a' AS doubled, :a AS ":a", :a || '!' AS twice, -- :nothing
                    '7'::bigint + :n AS number /* :nor /* :this */ :either */
                """, ["a": .text("x"), "n": .integer(1), "unused": .null]
            ).first
            #expect(row?["quoted"] == .text(":a"))
            #expect(row?["doubled"] == .text("it's :a"))
            #expect(row?[":a"] == .text("x"))
            #expect(row?["twice"] == .text("x!"))
            #expect(row?["number"] == .integer(8))
            await expectCode(.storeUnavailable) { _ = try await fixture.rows("SELECT :missing AS m", ["a": .null]) }
        }
    }

    /// As in SQLite, where it has no type either.
    @Test func nullMayStandAnywhere() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            try await fixture.execute(insertProject, ["name": .text("a"), "time": .integer(1)])
            for (value, count) in [(SQLValue.null, 1), (.text("a"), 1), (.text("b"), 0)] {
                let rows = try await fixture.rows(
                    "SELECT name FROM project WHERE :name IS NULL OR name = :name", ["name": value])
                #expect(rows.count == count, "\(value)")
            }
        }
    }

    @Test func sumsAndMeansAreWhatTheyAreInSQLite() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            for (name, time) in [("a", 1), ("b", 2)] {
                try await fixture.execute(insertProject, ["name": .text(name), "time": .integer(Int64(time))])
            }
            let row = try await fixture.rows(
                "SELECT SUM(created_at) AS s, AVG(created_at) AS m, COUNT(*) AS c, MAX(name) AS n FROM project"
            ).first
            #expect(row?["s"] == .integer(3))
            #expect(row?["m"] == .real(1.5))
            #expect(row?["c"] == .integer(2))
            #expect(row?["n"] == .text("b"))
        }
    }

    @Test func valuesThatWouldNotComeBackAreRefused() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            for value in [SQLValue.text("a\0b"), .real(.nan), .real(.infinity)] {
                await #expect(throws: StoreFailure.self) {
                    try await fixture.execute(insertProject, ["name": value, "time": .integer(1)])
                }
            }
            #expect(try await fixture.rows("SELECT name FROM project").isEmpty)
        }
    }

    @Test func aReaderDoesNotWrite() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            await #expect(throws: StoreFailure.self) {
                try await fixture.database.read {
                    try $0.execute(insertProject, ["name": .text("a"), "time": .integer(1)])
                }
            }
            #expect(try await fixture.rows("SELECT name FROM project").isEmpty)
        }
    }

    /// Also one that a body does not pass on: what came after it was not done.
    @Test func aBodyThatHidesAFailureChangesNothing() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            await expectCode(.storeUnavailable) {
                try await fixture.database.write { transaction in
                    try transaction.execute(insertProject, ["name": .text("a"), "time": .integer(1)])
                    try? transaction.execute("INSERT INTO nowhere (a) VALUES (1)", [:])
                }
            }
            await expectCode(.storeUnavailable) {
                try await fixture.database.read { _ = try? $0.rows("SELECT a FROM nowhere", [:]) }
            }
            #expect(try await fixture.rows("SELECT name FROM project").isEmpty)
        }
    }

    @Test func whatFailsSaysNothingOfValues() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let error = await #expect(throws: StoreFailure.self) {
                try await fixture.database.write { transaction in
                    for _ in 0..<2 {
                        try transaction.execute(insertProject, ["name": .text("secret"), "time": .integer(1)])
                    }
                }
            }
            let failure = try #require(error)
            #expect(failure.reason == .refused)
            #expect(failure.underlying != nil)
            #expect(!failure.explanation.line.contains("secret"))
            #expect(!String(describing: failure).contains("secret"))
        }
    }

    /// Two processes would do it so: each has one writer, and the server finds the conflicts between them.
    @Test func nothingIsLostBetweenWriters() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let other = try await PostgreSQLDatabase.open(url: fixture.url, time: PostgreSQLFixture.time)
            try await fixture.execute(insertProject, ["name": .text("count"), "time": .integer(0)])
            try await withThrowingTaskGroup { group in
                for task in 0..<8 {
                    let database = task % 2 == 0 ? fixture.database : other
                    group.addTask {
                        for _ in 0..<100 { try await database.write(increment) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await fixture.rows("SELECT created_at FROM project").map { $0["created_at"] } == [.integer(800)])
            try other.close()
        }
    }

    /// Serial one after the other, each would have seen the other's row; at the same time neither does.
    @Test func aSkewBetweenWritersIsNoticed() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let other = try await PostgreSQLDatabase.open(url: fixture.url, time: PostgreSQLFixture.time)
            try await withThrowingTaskGroup { group in
                for (index, database) in [fixture.database, other].enumerated() {
                    group.addTask {
                        for round in 0..<50 {
                            try await database.write { transaction in
                                let count = try transaction.rows("SELECT name FROM project", [:]).count
                                try transaction.execute(
                                    insertProject,
                                    ["name": .text("\(index)-\(round)"), "time": .integer(Int64(count))])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let seen = try await fixture.rows("SELECT created_at FROM project ORDER BY created_at")
            #expect(seen.map { $0["created_at"] } == (0..<100).map { .integer($0) })
            try other.close()
        }
    }

    /// Somebody else changes the row between each look and the change: that cannot go on for ever.
    @Test func whoIsAlwaysOvertakenIsTold() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let other = try await PostgreSQLDatabase.open(url: fixture.url, time: PostgreSQLFixture.time)
            try await fixture.execute(insertProject, ["name": .text("count"), "time": .integer(0)])
            let attempts = Mutex(0)
            await #expect {
                try await fixture.database.write { transaction in
                    attempts.withLock { $0 += 1 }
                    _ = try transaction.rows("SELECT created_at FROM project WHERE name = 'count'", [:])
                    try waiting { try await other.write(increment) }
                    try transaction.execute("UPDATE project SET created_at = -1 WHERE name = 'count'", [:])
                }
            } throws: { ($0 as? StoreFailure)?.reason == .busy }
            let count = Int64(attempts.withLock { $0 })
            #expect(count > 10)
            // Each attempt saw the other's change, and left nothing of its own.
            #expect(
                try await fixture.rows("SELECT created_at FROM project").map { $0["created_at"] } == [.integer(count)])
            try other.close()
        }
    }

    /// More than the server is made to remember.
    @Test func manyStatementsAreRunAsWellAsFew() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            // With one connection for readers, which the second body then looks at.
            let database = try await PostgreSQLDatabase.open(
                url: fixture.url, time: PostgreSQLFixture.time, connections: 2)
            let sums = try await database.read { transaction in
                try (0..<500).map {
                    try transaction.rows("SELECT :n + \($0 % 250) AS s", ["n": .integer(1)]).first?["s"]
                }
            }
            #expect(sums == (0..<500).map { .integer(Int64($0 % 250 + 1)) })
            let remembered = try await database.read {
                try $0.rows("SELECT COUNT(*) AS c FROM pg_prepared_statements", [:]).first?["c"]
            }
            #expect(remembered == .integer(200))
            try database.close()
        }
    }
}

private let values: [SQLValue] = [
    .null, .integer(0), .integer(.min), .integer(.max), .integer(-1), .real(0), .real(-0.0), .real(1e308),
    .real(-.greatestFiniteMagnitude), .real(.leastNonzeroMagnitude), .real(.leastNormalMagnitude / 3), .real(0.1),
    .real(1.0 / 3), .text(""), .text("e\u{301} \u{E9} 🛥 \u{10FFFF} 'quoted' \"double\" \\ $1 :name ?\n\t\u{1}"),
    .text(String(repeating: "ü", count: 1 << 19)), .blob([]), .blob([0, 92, 120, 255, 39]),
    .blob((0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7) }),
]

private func column(of value: SQLValue) -> String {
    switch value {
    case .null, .text: "t"
    case .integer: "i"
    case .real: "r"
    case .blob: "b"
    }
}

/// -0.0 equals 0, and two spellings of é are equal: here they are not.
private func isSame(_ left: SQLValue, _ right: SQLValue) -> Bool {
    switch (left, right) {
    case (.real(let left), .real(let right)): left.bitPattern == right.bitPattern
    case (.text(let left), .text(let right)): Array(left.utf8) == Array(right.utf8)
    default: left == right
    }
}

@Sendable private func increment(_ transaction: any SQLTransaction) throws {
    let row = try transaction.rows("SELECT created_at FROM project WHERE name = 'count'", [:]).first
    guard case .integer(let count) = row?["created_at"] else { throw StoreFailure(.refused) }
    try transaction.execute("UPDATE project SET created_at = :n WHERE name = 'count'", ["n": .integer(count + 1)])
}
