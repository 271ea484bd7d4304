// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import PlatformReplicas

/// The tables of one product: numbered steps, each applied once, in order, never edited and never undone.
package struct SQLSchema: Sendable {
    /// One step. What it says is remembered by its digest, so that an edit after the fact is noticed.
    package struct Migration: Sendable {
        package let number: Int
        package let statements: [String]
        /// What PostgreSQL is told instead of a translation of ``statements``; `nil` for that.
        private let postgreSQL: [String]?
        /// Of the statements as they were written down: a better translation is no edit.
        let digest: Digest

        /// - Parameters:
        ///   - statements: For SQLite.
        ///   - postgreSQL: For PostgreSQL, where a translation (``SQLSchema/forPostgreSQL``) does not do.
        package init(number: Int, statements: [String], postgreSQL: [String]? = nil) {
            self.number = number
            self.statements = statements
            self.postgreSQL = postgreSQL
            digest = Self.digest(of: statements)
        }

        private init(number: Int, translated: [String], digest: Digest) {
            self.number = number
            statements = translated
            postgreSQL = nil
            self.digest = digest
        }

        var forPostgreSQL: Migration {
            Migration(
                number: number, translated: postgreSQL ?? statements.map(inPostgreSQL),
                digest: Self.digest(of: postgreSQL ?? statements))
        }

        private static func digest(of statements: [String]) -> Digest {
            Digest(of: statements.joined(separator: ";\n").utf8)
        }
    }

    /// Makes the table `schema_migration` unless it is there.
    package let bookkeeping: String
    /// Numbered from 1, without gaps.
    package let migrations: [Migration]

    package init(bookkeeping: String, migrations: [Migration]) {
        self.bookkeeping = bookkeeping
        self.migrations = migrations
    }
}

extension SQLDatabase {
    /// Brings the database to `schema`, in one transaction: afterwards all of it is there, or nothing has changed.
    ///
    /// One process at a time may do so: ``PostgreSQLDatabase`` sees to it, and in SQLite a writer is alone anyway.
    /// - Parameters:
    ///   - whereFree: Whether to leave the tables as they are where servers live that do not know `schema`.
    ///   - backUp: Is called before tables that are in use are changed, with the number of the schema they have.
    /// - Throws: ``StoreFailure`` with `REG-009` when the database is newer than `schema`, with `REG-008` when it was made
    ///   by other migrations than these; with `RPL-004` where tables that stay are more than one step older.
    package func migrate(
        to schema: SQLSchema, at time: Timestamp, whereFree: Bool = false,
        backUp: (_ version: Int) async throws -> Void
    ) async throws {
        let present = try await write { transaction in
            try transaction.execute(schema.bookkeeping)
            return try schema.checkedVersion(in: transaction)
        }
        guard present < schema.migrations.count else { return }
        if present > 0 { try await backUp(present) }
        try await write { transaction in
            // Asked again: another process may have been faster.
            let present = try schema.checkedVersion(in: transaction)
            if whereFree, let holder = try schema.holder(of: present, in: transaction) {
                guard present + 1 >= schema.migrations.count else { throw StoreFailure(.schemaHeld(by: holder)) }
                return
            }
            for migration in schema.migrations.dropFirst(present) {
                for statement in migration.statements { try transaction.execute(statement) }
                try transaction.execute(
                    "INSERT INTO schema_migration (number, digest, applied_at) VALUES (:number, :digest, :time)",
                    [
                        "number": SQLValue(migration.number), "digest": SQLValue(migration.digest),
                        "time": SQLValue(time),
                    ])
            }
        }
    }
}

extension SQLSchema {
    /// The host of a server that lives and does not know these tables; `nil` for none.
    fileprivate func holder(of present: Int, in transaction: any SQLTransaction) throws -> String? {
        guard present >= Migration.replicas.number else { return nil }
        return try transaction.rows(
            """
            SELECT host FROM replica WHERE schema_number < :newest AND heard_at > \(transaction.dialect.clock) - :patience
            ORDER BY started_at LIMIT 1
            """,
            [
                "newest": SQLValue(migrations.count),
                "patience": .integer(Replicas.patience.microseconds),
            ]
        ).first?.text("host")
    }

    /// The number of the newest migration that was applied, once all of them are known to be ours.
    fileprivate func checkedVersion(in transaction: any SQLTransaction) throws -> Int {
        let applied = try transaction.rows("SELECT number, digest FROM schema_migration ORDER BY number").map { row in
            (number: try row.integer("number"), digest: try row.text("digest"))
        }
        if let newest = applied.last?.number, newest > migrations.count {
            throw StoreFailure(.schemaNewer(found: newest, known: migrations.count))
        }
        for (index, entry) in applied.enumerated() {
            guard entry.number == index + 1, entry.digest == migrations[index].digest.hex else {
                throw StoreFailure(.migrationEdited(number: entry.number))
            }
        }
        return applied.count
    }
}
