// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import PlatformBackup

/// Puts rows that were written down into a database that is empty so far.
package struct SQLRestoration: Sendable {
    /// The rows, from the beginning each time: a body of a transaction may run again.
    package typealias Rows = @Sendable () throws -> @Sendable () throws -> [UInt8]?

    private let manifest: BackupManifest
    private let rows: Rows

    package init(_ manifest: BackupManifest, rows: @escaping Rows) {
        self.manifest = manifest
        self.rows = rows
    }

    /// Makes a SQLite file.
    ///
    /// - Parameter path: Nothing is there yet.
    package func restore(toFile path: String, at time: Timestamp) async throws {
        let schema = try schema(of: .sqlite)
        let database = try await SQLiteDatabase.open(at: path, schema: schema, time: time)
        try await fill(database, schema, newest: .sqlite, at: time)
    }

    /// Fills a database of a PostgreSQL server.
    ///
    /// - Throws: `BAK-002` when something is in it; as ``PostgreSQLDatabase/open(url:schema:time:claim:connections:library:)``.
    package func restore(toServer url: String, at time: Timestamp) async throws {
        let schema = try schema(of: .postgreSQL)
        let present = try await PostgreSQLDatabase.inspect(url: url).schemaNumber
        guard present <= schema.migrations.count else { throw taken() }
        let database = try await PostgreSQLDatabase.open(url: url, schema: schema, time: time)
        try await fill(database, schema, newest: .postgreSQL, at: time)
    }

    /// Tables as they were when the backup was made; migrations bring the rows on from there, as they would have done.
    private func schema(of product: SQLSchema) throws -> SQLSchema {
        guard (1...product.migrations.count).contains(manifest.recordsSchema) else {
            throw StoreFailure(.schemaNewer(found: manifest.recordsSchema, known: product.migrations.count))
        }
        return product.first(manifest.recordsSchema)
    }

    private func fill(
        _ database: some SQLDatabase, _ schema: SQLSchema, newest: SQLSchema, at time: Timestamp
    ) async throws {
        defer { try? database.close() }
        let counts = try await database.write { [rows] transaction in
            for table in schema.tables where table != "project" {
                let isUsed = try !transaction.rows("SELECT 1 AS used FROM \(table) LIMIT 1").isEmpty
                if isUsed { throw taken() }
            }
            // The standard project is made with the tables.
            try transaction.execute("DELETE FROM project")
            return try transaction.insertRows(try rows(), known: schema.tables)
        }
        for table in manifest.tables where counts[table.name, default: 0] != table.rowCount {
            throw backupDamaged("the table “\(table.name.prefix(40))” has other rows than were written")
        }
        try await database.migrate(to: newest, at: time) { _ in }
    }
}

private func taken() -> Refusal {
    Refusal(
        .restoreTargetTaken, .conflict, "Something is in the database already.",
        hint: "Make a new one, as with `createdb`, and name that.")
}

extension SQLTransaction {
    /// - Returns: How many rows went into each table.
    fileprivate func insertRows(
        _ next: @escaping @Sendable () throws -> [UInt8]?, known: [String]
    ) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var lines = RecordLines(next)
        var statement = ""
        var names: [String] = []
        var table = ""
        while let line = try lines.next() {
            switch try SQLRecordLine.read(line) {
            case .header(let name, let columns):
                guard known.contains(name), !columns.isEmpty, columns.allSatisfy(isColumnName) else {
                    throw backupDamaged("it has a table “\(name.prefix(40))”, which is none of ours")
                }
                table = name
                names = columns.indices.map { "c\($0)" }
                statement = """
                    INSERT INTO \(name) (\(columns.joined(separator: ", ")))
                    VALUES (\(names.map { ":\($0)" }.joined(separator: ", ")))
                    """
            case .row(let values):
                guard values.count == names.count, !names.isEmpty else { throw SQLRecordLine.unreadable() }
                try execute(statement, Dictionary(zip(names, values)) { first, _ in first })
                counts[table, default: 0] += 1
            }
        }
        return counts
    }
}

/// What stands in a statement as it came: our own names are such, and nothing else can be written with these letters.
private func isColumnName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
        && name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "_")
        }
}

/// Lines out of pieces.
private struct RecordLines {
    private let piece: @Sendable () throws -> [UInt8]?
    private var bytes: [UInt8] = []
    private var position = 0

    init(_ piece: @escaping @Sendable () throws -> [UInt8]?) { self.piece = piece }

    mutating func next() throws -> [UInt8]? {
        var searched = position
        while true {
            if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return Array(bytes[position..<end])
            }
            guard bytes.count - position <= SQLRecordLine.longest else { throw SQLRecordLine.unreadable() }
            bytes.removeFirst(position)
            position = 0
            searched = bytes.count
            guard let more = try piece() else {
                // The last line ends as all do.
                guard bytes.isEmpty else { throw SQLRecordLine.unreadable() }
                return nil
            }
            bytes += more
        }
    }
}
