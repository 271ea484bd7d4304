// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
package import ModelDomain
internal import ModelRegistry

/// The rows of a SQL database, as those see them who clear away.
package struct SQLRetentionStore: RetentionStore {
    private let database: any SQLDatabase
    private let tables: [String]

    /// - Parameter database: Has the tables of the newest ``SQLSchema``.
    package init(database: any SQLDatabase, tables: [String] = SQLSchema.sqlite.tables) {
        self.database = database
        self.tables = tables
    }

    /// Thrown in order to undo what was only tried.
    private struct Tried: Error { let expiry: Expiry }

    package func expire(
        deletedBefore: Timestamp, ledgerFrom: Timestamp, by actor: String?, at time: Timestamp
    ) async throws -> Expiry {
        do {
            return try await database.write { [tables] transaction in
                let before = try transaction.contentReferences(of: tables, ledgerFrom: ledgerFrom)
                var expiry = try SQLExpiration(transaction: transaction, limit: deletedBefore).run()
                if let actor, let summary = expiry.summary {
                    try LedgerWriter(SQLRegistryTransaction(transaction: transaction), by: actor, at: time)
                        .append("platform.expire", "platform", after: summary)
                }
                expiry.earlierReferences = Set(before)
                expiry.references = Set(try transaction.contentReferences(of: tables, ledgerFrom: ledgerFrom))
                // What is tried is done, looked at, and undone: so it is what would happen.
                guard actor != nil else { throw Tried(expiry: expiry) }
                return expiry
            }
        } catch let tried as Tried {
            return tried.expiry
        }
    }
}
