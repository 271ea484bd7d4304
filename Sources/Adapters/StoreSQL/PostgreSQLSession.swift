// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A connection with our settings, and the statements that the server remembers for it. It stays on one thread.
final class PostgreSQLSession {
    /// How many statements the server remembers for one connection.
    static let rememberedStatements = 200

    private let link: PostgreSQLLink
    /// What is said of it in errors.
    let address: String
    private var remembered: [Key: Remembered] = [:]
    private var uses = 0
    private var names = 0

    private struct Key: Hashable {
        let text: String
        let types: [UInt32]
    }

    private struct Remembered {
        let name: String
        var lastUse: Int
    }

    /// Connects.
    ///
    /// - Parameter claim: What servers that may share the database have in common; `nil` for whoever is no server.
    /// - Throws: ``StoreFailure``.
    init(to target: PostgreSQLTarget, claim: ServerClaim? = nil) throws {
        address = target.description
        do {
            link = try PostgreSQLLink(to: target)
            _ = try link.execute(Self.settings)
            let state = try link.execute("SELECT pg_is_in_recovery()")
            if state.cells.first?.first == [UInt8(ascii: "t")] { throw StoreFailure(.server(.readOnly, at: address)) }
            if let claim { try take(claim) }
        } catch let error as PostgreSQLError {
            throw StoreFailure(error, at: address)
        }
        // Letters that it does not have would be refused one by one.
        let encoding = link.serverSetting("server_encoding") ?? "UTF8"
        guard encoding == "UTF8" else { throw StoreFailure(.server(.encoding(encoding), at: address)) }
    }

    /// What a body relies on, whatever the database or the user is set to. A commit is on disk before it is acknowledged,
    /// also where an administrator asked for more than that. The server notices within two minutes that our machine is gone.
    private static let settings = """
        SET client_min_messages = warning; SET standard_conforming_strings = on; SET bytea_output = hex;
        SET extra_float_digits = 1; SET statement_timeout = '30s'; SET lock_timeout = 0;
        SET idle_in_transaction_session_timeout = '60s'; SET tcp_keepalives_idle = 60;
        SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 6;
        SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
        """

    var isBroken: Bool { link.isBroken }
    var isInTransaction: Bool { link.isInTransaction }
    func stillAnswers() -> Bool { link.stillAnswers() }

    func notifications(waiting milliseconds: Int32) -> Int? { link.notifications(waiting: milliseconds) }

    /// Runs a statement without parameters, outside of what is remembered.
    func execute(_ statement: String) throws(PostgreSQLError) -> PostgreSQLAnswer { try link.execute(statement) }

    /// Runs one statement.
    func run(_ statement: PositionedStatement) throws(PostgreSQLError) -> PostgreSQLAnswer {
        let parameters = PostgreSQLParameters(statement.values.compactMap(\.postgreSQLParameter))
        guard statement.isAboutRows else { return try link.run(statement.text, parameters) }
        return try link.run(prepared: name(of: Key(text: statement.text, types: parameters.types)), parameters)
    }

    /// Has the server remember the statement, unless it does.
    private func name(of key: Key) throws(PostgreSQLError) -> String {
        uses += 1
        if let known = remembered[key] {
            remembered[key]?.lastUse = uses
            return known.name
        }
        if remembered.count >= Self.rememberedStatements,
            let oldest = remembered.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            _ = try link.execute("DEALLOCATE \(oldest.value.name)")
            remembered[oldest.key] = nil
        }
        names += 1
        let name = "slipway_\(names)"
        try link.prepare(name, key.text, types: key.types)
        remembered[key] = Remembered(name: name, lastUse: uses)
        return name
    }
}

/// What servers that may share a database have in common.
struct ServerClaim: Sendable {
    let number: Int32
    /// One that is no reason to stay away.
    let besides: Int32?
}

extension PostgreSQLSession {
    /// The first number of the locks that server processes agree on, which are two numbers each.
    private static let claims = 0x534C_4950
    static let migrations = 0x534C_4951

    /// Says for as long as the connection lasts that a server uses the database, and looks who else does.
    ///
    /// Servers that know of each other have the same number, and may. One of an earlier program has its own: it would change
    /// the rows behind the backs of the others. One that was killed is waited for, because PostgreSQL needs a moment to
    /// notice, and one that ends because another takes over as well.
    private func take(_ claim: ServerClaim) throws {
        for attempt in 1... {
            // It waits for nobody: all share it.
            _ = try link.execute("SELECT pg_advisory_lock_shared(\(Self.claims), \(claim.number))")
            let others = try link.execute(
                """
                SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = \(Self.claims) AND objid NOT IN (\(claim.number), \(claim.besides ?? claim.number))
                AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
            guard !others.cells.isEmpty else { return }
            guard attempt < 100 else { throw StoreFailure(.server(.inUse, at: address)) }
            // Of two that start at once, one is to get it.
            _ = try link.execute("SELECT pg_advisory_unlock_shared(\(Self.claims), \(claim.number))")
            Thread.sleep(forTimeInterval: Double.random(in: 0.05...0.15))
        }
    }

    /// Waits until no other process changes tables, and keeps the others from it for as long as the connection lasts.
    func holdMigrations() throws {
        do {
            // Who changes large tables takes longer than any statement of a request may.
            _ = try execute("SET statement_timeout = '10min'")
            _ = try execute("SELECT pg_advisory_lock(\(Self.migrations), 0)")
        } catch {
            throw StoreFailure(error, at: address)
        }
    }
}
