// SPDX-License-Identifier: Apache-2.0

/// A database that understands SQL: what the stores of this room are written against.
///
/// Statements are such that SQLite 3.40 and PostgreSQL 15 read them alike; what differs is in the ``SQLSchema`` of each
/// product. A body is synchronous, sees one consistent state, and may run again from the start after a conflict with
/// another writer: it must not have effects of its own.
package protocol SQLDatabase: Sendable {
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result

    /// All of the body's changes, or none; on disk when this returns. One writer at a time.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result

    /// Lets go of files and connections, once what was asked before is done. Nothing may be asked afterwards.
    func close() throws
}

/// One transaction of a database. It is not `Sendable`, and so cannot leave the body that it was given to.
package protocol SQLTransaction {
    var dialect: SQLDialect { get }

    /// The rows of one statement.
    ///
    /// - Parameter parameters: A value for each `:name` of `statement`, by that name without the colon.
    /// - Throws: ``StoreFailure``.
    func rows(_ statement: String, _ parameters: [String: SQLValue]) throws -> [SQLRow]

    /// The rows of a statement that hardly comes again in the same words, and so is not kept.
    ///
    /// - Throws: ``StoreFailure``.
    func passingRows(_ statement: String, _ parameters: [String: SQLValue]) throws -> [SQLRow]

    /// Hands out the rows of one statement one after the other, however many there are.
    ///
    /// - Parameter body: Asks for nothing else of this transaction.
    /// - Throws: ``StoreFailure``, or what `body` throws.
    func forEachRow(of statement: String, _ body: (SQLRow) throws -> Void) throws

    /// Runs one statement that changes something.
    ///
    /// - Throws: ``StoreFailure``.
    func execute(_ statement: String, _ parameters: [String: SQLValue]) throws
}

extension SQLTransaction {
    func rows(_ statement: String) throws -> [SQLRow] { try rows(statement, [:]) }
    func execute(_ statement: String) throws { try execute(statement, [:]) }
}
