// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import PortContracts
import StoreSQL
import TestSupport
import Testing

struct SQLiteDatabaseTests {
    private let time = Timestamp(microseconds: 5)

    /// 2 is FULL: every commit is on disk before it is acknowledged.
    @Test func everyCommitIsOnDisk() async throws {
        try await withDatabase { database async throws in
            let settings = try await database.write { transaction in
                try ["synchronous", "journal_mode", "foreign_keys", "busy_timeout"].map { name in
                    try transaction.rows("PRAGMA \(name)", [:]).first?[name == "busy_timeout" ? "timeout" : name]
                }
            }
            #expect(settings == [.integer(2), .text("wal"), .integer(1), .integer(5000)])
        }
    }

    @Test func whatWasAcknowledgedIsThereAfterReopening() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/r.sqlite"
            let database = try await SQLiteDatabase.open(at: path, time: time)
            try await database.write { try $0.execute(insertProject, ["name": .text("a"), "time": .integer(1)]) }
            let again = try await SQLiteDatabase.open(at: path, time: time)
            #expect(try await again.read { try $0.rows(selectProjects, [:]).count } == 1)
        }
    }

    @Test func onlyTheOwnerMayReadTheFiles() async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(at: "\(folder)/r.sqlite", time: time)
            try await database.write { try $0.execute(insertProject, ["name": .text("a"), "time": .integer(1)]) }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(Set(names) == ["r.sqlite", "r.sqlite-wal", "r.sqlite-shm"])
            for name in names { #expect(try mode(of: "\(folder)/\(name)") == 0o600, "\(name)") }
        }
    }

    @Test func aFullDiskIsExplained() async throws {
        try await withDatabase { database async throws in
            try await database.write { _ = try $0.rows("PRAGMA max_page_count = 1", [:]) }
            await expectCode(.diskFull) {
                try await database.write { transaction in
                    for index in 0..<100 {
                        let name = SQLValue.text(String(repeating: "n", count: 4096) + String(index))
                        try transaction.execute(insertProject, ["name": name, "time": .integer(1)])
                    }
                }
            }
            #expect(try await database.read { try $0.rows(selectProjects, [:]).isEmpty })
        }
    }

    @Test func aPlaceThatCannotBeWrittenIsExplained() async throws {
        try await withTemporaryFolder { folder async throws in
            await expectCode(.notWritable) {
                _ = try await SQLiteDatabase.open(at: "\(folder)/nowhere/r.sqlite", time: time)
            }
            await expectCode(.notWritable) { _ = try await SQLiteDatabase.open(at: folder, time: time) }
        }
        try await withDatabase { database async throws in
            try await database.write { _ = try $0.rows("PRAGMA query_only = 1", [:]) }
            await expectCode(.notWritable) {
                try await database.write { try $0.execute(insertProject, ["name": .text("a"), "time": .integer(1)]) }
            }
        }
    }

    @Test func aFileThatIsNoDatabaseIsExplainedAndKept() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/r.sqlite"
            let bytes = Data(repeating: 0x41, count: 10_000)
            try bytes.write(to: URL(filePath: path))
            await expectCode(.storeUnavailable) { _ = try await SQLiteDatabase.open(at: path, time: time) }
            #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        }
    }

    /// SQLite would cut the one at the NUL, and make NULL of the other.
    @Test func valuesThatWouldNotComeBackAreRefused() async throws {
        try await withDatabase { database async throws in
            for value in [SQLValue.text("a\0b"), .real(.nan), .real(.infinity)] {
                await #expect(throws: StoreFailure.self) {
                    try await database.write { try $0.execute(insertProject, ["name": value, "time": .integer(1)]) }
                }
            }
            #expect(try await database.read { try $0.rows(selectProjects, [:]).isEmpty })
        }
    }

    @Test func everyKindOfValueComesBack() async throws {
        try await withDatabase { database async throws in
            let values: [String: SQLValue] = [
                "a": .null, "b": .integer(.min), "c": .real(0.1), "d": .text("ü"), "e": .blob([0, 255]), "f": .blob([]),
            ]
            let row = try await database.read { transaction in
                try transaction.rows("SELECT :f AS f, :e AS e, :d AS d, :c AS c, :b AS b, :a AS a", values).first
            }
            for (name, value) in values { #expect(row?[name] == value, "\(name)") }
            #expect(row?["g"] == nil)
        }
    }

    @Test func aReaderDoesNotWrite() async throws {
        try await withDatabase { database async throws in
            await #expect(throws: StoreFailure.self) {
                try await database.read { try $0.execute(insertProject, ["name": .text("a"), "time": .integer(1)]) }
            }
            #expect(try await database.read { try $0.rows(selectProjects, [:]).isEmpty })
        }
    }

    @Test func whatFailsSaysNothingOfValuesOrPaths() async throws {
        try await withDatabase { database async throws in
            let error = await #expect(throws: StoreFailure.self) {
                try await database.write { transaction in
                    for _ in 0..<2 {
                        try transaction.execute(insertProject, ["name": .text("secret"), "time": .integer(1)])
                    }
                }
            }
            let failure = try #require(error)
            #expect(failure.explanation.code == .storeUnavailable)
            #expect(failure.underlying != nil)
            #expect(!failure.explanation.line.contains("secret"))
            #expect(!String(describing: failure).contains("secret"))
        }
    }

    private func withDatabase(_ body: (SQLiteDatabase) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            try await body(SQLiteDatabase.open(at: "\(folder)/r.sqlite", time: time))
        }
    }
}

/// Those that a test has made: the standard one is always there.
let selectProjects = "SELECT name FROM project WHERE name <> 'default'"
