// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import GRDB
package import ModelDomain

/// A SQLite file: one writer, readers beside it, and on disk before a write returns. The only file that knows GRDB.
package final class SQLiteDatabase: SQLDatabase {
    private let pool: DatabasePool

    /// Opens the database, makes it where there is none, and brings it to `schema`.
    ///
    /// Before tables in use are changed, a copy of the database is left beside it as `PATH.schema-N`.
    /// - Parameter path: In a folder that is there; only its owner may read the file that is made.
    /// - Throws: ``StoreFailure``: `SYS-001`, `SYS-002`, `REG-008`, `REG-009`.
    package static func open(
        at path: String, schema: SQLSchema = .sqlite, time: Timestamp
    ) async throws -> SQLiteDatabase {
        if !FileManager.default.fileExists(atPath: path) {
            // SQLite gives its other files the mode of this one.
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        let database = SQLiteDatabase(pool: try explained { try openPool(at: path) })
        try await database.migrate(to: schema, at: time) { version in
            try database.copy(to: "\(path).schema-\(version)")
        }
        return database
    }

    /// Opens a database that is there, to read it and nothing else, also while a server uses it.
    ///
    /// - Throws: ``StoreFailure``: `REG-009` for one of a newer program, ``Refusal`` with `REG-008` for one that an older one left.
    package static func openForReading(at path: String, schema: SQLSchema = .sqlite) throws -> SQLiteDatabase {
        try explained {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let pool = try DatabasePool(path: path, configuration: configuration)
            let applied = try pool.read { try Int.fetchOne($0, sql: "SELECT max(number) FROM schema_migration") } ?? 0
            guard applied <= schema.migrations.count else {
                throw StoreFailure(.schemaNewer(found: applied, known: schema.migrations.count))
            }
            guard applied == schema.migrations.count else {
                throw Refusal(
                    .storeUnavailable, .conflict, "The registry was left by an older Slipway.",
                    hint: "Start a server on it once, or on a copy of the folder: that brings its tables up to date.")
            }
            return SQLiteDatabase(pool: pool)
        }
    }

    private init(pool: DatabasePool) { self.pool = pool }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.read { try body(SQLiteTransaction(connection: $0)) }
        } catch let error as DatabaseError {
            throw StoreFailure(error)
        }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.writeWithoutTransaction { connection in
                var result: Result?
                try connection.inTransaction(.immediate) {
                    result = try body(SQLiteTransaction(connection: connection))
                    return .commit
                }
                guard let result else { throw StoreFailure(.refused) }
                return result
            }
        } catch let error as DatabaseError {
            throw StoreFailure(error)
        }
    }

    /// Writes a consistent copy while the database is in use.
    package func copy(to path: String) throws {
        try explained {
            // Under another name first: what has the right name is whole.
            let unfinished = path + ".unfinished"
            try? FileManager.default.removeItem(atPath: unfinished)
            _ = FileManager.default.createFile(
                atPath: unfinished, contents: nil, attributes: [.posixPermissions: 0o600])
            let target = try DatabaseQueue(path: unfinished)
            try pool.backup(to: target)
            try target.close()
            try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: unfinished, toPath: path)
            // Before what it is a copy of is changed, it has to be found after a power loss.
            let folder = FileHandle(forReadingAtPath: (path as NSString).deletingLastPathComponent)
            try folder?.synchronize()
        }
    }

    /// What is wrong with the database at `path`, in SQLite's words; `nil` when it is whole. Changes nothing.
    ///
    /// - Throws: ``StoreFailure`` when it cannot be read at all.
    package static func problem(at path: String) throws -> String? {
        try explained {
            var configuration = Configuration()
            configuration.readonly = true
            let database = try DatabaseQueue(path: path, configuration: configuration)
            let answer = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            try database.close()
            return answer == "ok" ? nil : answer ?? "it does not answer"
        }
    }

    /// Whether ``open(at:schema:time:)`` would change tables there: not for a program to do while another uses them.
    package static func needsMigration(at path: String, schema: SQLSchema = .sqlite) throws -> Bool {
        try explained {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let database = try DatabaseQueue(path: path, configuration: configuration)
            let applied = try database.read { try Int.fetchOne($0, sql: "SELECT max(number) FROM schema_migration") }
            try database.close()
            return applied ?? 0 < schema.migrations.count
        }
    }

    package func close() throws { try explained { try pool.close() } }

    private static func openPool(at path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        let pool = try DatabasePool(path: path, configuration: configuration)
        // The pool has set NORMAL for its writer, with which a power loss may take the last commits.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
    }
}

/// A database that another program made, and anybody may have changed: it is only read, and nothing in it is run.
final class ForeignSQLite: Sendable {
    private let queue: DatabaseQueue

    /// - Throws: ``StoreFailure`` for what is no database, or cannot be read.
    init(at path: String) throws {
        queue = try explained {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { connection in
                // No function of a view's or an index's, and no page that points into another.
                try connection.execute(sql: "PRAGMA trusted_schema = OFF")
                try connection.execute(sql: "PRAGMA cell_size_check = ON")
                try connection.execute(sql: "PRAGMA mmap_size = 0")
            }
            return try DatabaseQueue(path: path, configuration: configuration)
        }
    }

    func rows(_ statement: String, _ parameters: [String: SQLValue] = [:]) throws -> [SQLRow] {
        do {
            return try queue.read { try SQLiteTransaction(connection: $0).rows(statement, parameters) }
        } catch let error as DatabaseError {
            throw StoreFailure(error)
        }
    }
}

private struct SQLiteTransaction: SQLTransaction {
    let connection: Database
    let dialect = SQLDialect.sqlite

    func rows(_ statement: String, _ parameters: [String: SQLValue]) throws -> [SQLRow] {
        try explained { try rows(of: connection.cachedStatement(sql: statement), parameters) }
    }

    func passingRows(_ statement: String, _ parameters: [String: SQLValue]) throws -> [SQLRow] {
        // What the driver keeps, it keeps for as long as the connection lives.
        try explained { try rows(of: connection.makeStatement(sql: statement), parameters) }
    }

    private func rows(of statement: Statement, _ parameters: [String: SQLValue]) throws -> [SQLRow] {
        let columns = statement.columnNames
        let rows = try Row.fetchAll(statement, arguments: arguments(parameters))
        return rows.map { row in SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init)) }
    }

    func forEachRow(of statement: String, _ body: (SQLRow) throws -> Void) throws {
        try explained {
            let statement = try connection.makeStatement(sql: statement)
            let columns = statement.columnNames
            let rows = try Row.fetchCursor(statement)
            while let row = try rows.next() {
                try body(SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init)))
            }
        }
    }

    func execute(_ statement: String, _ parameters: [String: SQLValue]) throws {
        try explained { try connection.cachedStatement(sql: statement).execute(arguments: arguments(parameters)) }
    }

    private func arguments(_ parameters: [String: SQLValue]) throws -> StatementArguments {
        guard parameters.values.allSatisfy(\.survivesStorage) else { throw StoreFailure(.refused) }
        return StatementArguments(parameters.mapValues(\.driverValue))
    }
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        self =
            switch value.storage {
            case .null: .null
            case .int64(let value): .integer(value)
            case .double(let value): .real(value)
            case .string(let text): .text(text)
            case .blob(let data): .blob(Array(data))
            }
    }

    fileprivate var driverValue: (any DatabaseValueConvertible)? {
        switch self {
        case .null: nil
        case .integer(let value): value
        case .real(let value): value
        case .text(let text): text
        case .blob(let bytes): Data(bytes)
        }
    }
}

/// Runs `body`; what the driver throws comes out as ours.
private func explained<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DatabaseError {
        throw StoreFailure(error)
    } catch let error as CocoaError {
        throw StoreFailure(error.code == .fileWriteOutOfSpace ? .diskFull : .notWritable, underlying: error)
    }
}

extension StoreFailure {
    /// The one place where SQLite's result codes get a meaning.
    fileprivate init(_ error: DatabaseError) {
        let reason: Reason =
            switch error.resultCode {
            case .SQLITE_FULL: .diskFull
            // Room for the index of the log is asked for in advance, and a full disk has none.
            case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: .diskFull
            case .SQLITE_IOERR: .deviceFailed
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: .notWritable
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
            default: .refused
            }
        self.init(reason, underlying: error)
    }
}
