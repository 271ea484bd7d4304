// SPDX-License-Identifier: Apache-2.0
package import ModelRegistry

/// The registry in a SQL database.
package struct SQLRegistryStore: RegistryStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RegistryReading) throws -> Result
    ) async throws -> Result {
        try await database.read { try body(SQLRegistryTransaction(transaction: $0)) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RegistryWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLRegistryTransaction(transaction: $0)) }
    }
}

/// The registry as one transaction sees it: models here, endpoints and the ledger in files of their own.
struct SQLRegistryTransaction: RegistryWriting {
    let transaction: any SQLTransaction
}
