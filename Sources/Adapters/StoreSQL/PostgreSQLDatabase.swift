// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A database of a PostgreSQL server: one writer of this process, readers beside it, and on disk before a write returns.
///
/// Other processes may write as well: where their changes and ours would not be the same one after the other, PostgreSQL
/// refuses one of them, and its body runs again.
package final class PostgreSQLDatabase: SQLDatabase {
    /// Connections of one database: one for changes, the others for readers.
    package static let usualConnections = 4

    /// What servers claim a database with that share it with others like them. Those of before had numbers of their own, so
    /// that neither kind starts beside the other.
    package static let sharedClaim: Int32 = 1

    /// Host and name, for people; never the password.
    package var address: String { target.description }
    private let target: PostgreSQLTarget
    private let writer: PostgreSQLThreads
    private let readers: PostgreSQLThreads

    /// Connects, and brings the tables to `schema`, unless they have to wait: ``bringUpToDate(_:at:)``. Nothing is copied
    /// before: `pg_dump` does that.
    ///
    /// - Parameters:
    ///   - url: `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=…`, as libpq takes it.
    ///   - claim: A number that servers have in common which may share the database. Those with other numbers are refused
    ///     for as long as one has the database open with it. `nil` asks for nothing.
    ///   - besides: The number of a server of before that this one follows, and that may go on beside it.
    /// - Throws: `SYS-008` for what is no such URL, ``StoreFailure``: `REG-008`, `REG-009`, `SYS-001`, `SYS-003`,
    ///   `RPL-004`.
    package static func open(
        url: String, schema: SQLSchema = .postgreSQL, time: Timestamp, claim: Int32? = nil, besides: Int32? = nil,
        connections: Int = usualConnections, library: String? = nil
    ) async throws -> PostgreSQLDatabase {
        let target = try PostgreSQLTarget(url: url, library: library ?? PostgreSQLLibrary.usualName)
        let database = PostgreSQLDatabase(
            at: target, claim: claim.map { ServerClaim(number: $0, besides: besides) }, connections: connections)
        do {
            try await database.bringUpToDate(schema, at: time)
        } catch {
            try? database.close()
            throw error
        }
        return database
    }

    /// Further connections to a database that is open already, and whose tables are as they shall be.
    package static func beside(url: String, connections: Int) throws -> PostgreSQLDatabase {
        PostgreSQLDatabase(
            at: try PostgreSQLTarget(url: url, library: PostgreSQLLibrary.usualName), claim: nil,
            connections: connections)
    }

    /// Brings the tables to `schema`. Where servers live that do not know it yet, the tables stay as they are, and whoever
    /// notices that the last of those has ended calls this again. A program works on tables that are one step older.
    ///
    /// - Throws: `RPL-004` where they would have to be more than one step older.
    package func bringUpToDate(_ schema: SQLSchema = .postgreSQL, at time: Timestamp) async throws {
        // A lock that a transaction would take is too late for it: what it sees is from before it waited.
        let guardian = PostgreSQLThreads(named: "postgres-migration", count: 1, at: target)
        defer { guardian.close() }
        try await guardian.perform { try $0.openSession().holdMigrations() }
        try await migrate(to: schema, at: time, whereFree: true) { _ in }
    }

    private init(at target: PostgreSQLTarget, claim: ServerClaim?, connections: Int) {
        self.target = target
        writer = PostgreSQLThreads(named: "postgres-writer", count: 1, at: target, claim: claim)
        readers = PostgreSQLThreads(named: "postgres-reader", count: max(1, connections - 1), at: target)
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        try await readers.perform { try $0.transact(.read, body) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        try await writer.perform { try $0.transact(.write, body) }
    }

    package func close() throws {
        writer.close()
        readers.close()
    }

    deinit {
        writer.takeNoMore()
        readers.takeNoMore()
    }
}

extension PostgreSQLDatabase {
    /// What is at a URL, found without changing anything there.
    package struct Inspection: Sendable {
        /// Host and name.
        package let address: String
        /// The server's own, as in `15.4`.
        package let serverVersion: String
        /// The number of its newest migration; 0 where it has no tables yet.
        package let schemaNumber: Int
    }

    /// Connects, looks, and leaves.
    ///
    /// - Throws: as ``open(url:schema:time:claim:connections:library:)``.
    package static func inspect(url: String) async throws -> Inspection {
        let target = try PostgreSQLTarget(url: url, library: PostgreSQLLibrary.usualName)
        let threads = PostgreSQLThreads(named: "postgres-inspection", count: 1, at: target)
        defer { threads.close() }
        return try await threads.perform { seat in
            try seat.transact(.read) { transaction in
                let server = try transaction.rows(
                    "SELECT current_setting('server_version') AS version, to_regclass('schema_migration')::text AS tables"
                )
                let version = try server.first?.text("version") ?? ""
                var number = 0
                if try server.first?.optionalText("tables") != nil {
                    let newest = try transaction.rows("SELECT MAX(number) AS newest FROM schema_migration")
                    number = try newest.first?.optionalInteger("newest") ?? 0
                }
                return Inspection(
                    address: target.description,
                    serverVersion: version.split(separator: " ").first.map(String.init) ?? version, schemaNumber: number
                )
            }
        }
    }

    /// Whether ``open(url:schema:time:claim:connections:library:)`` would change tables there: not for a program to do
    /// while another uses them.
    package static func needsMigration(url: String, schema: SQLSchema = .postgreSQL) async throws -> Bool {
        try await inspect(url: url).schemaNumber < schema.migrations.count
    }
}
