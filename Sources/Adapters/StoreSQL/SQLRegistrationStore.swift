// SPDX-License-Identifier: Apache-2.0
package import ModelRegistry

/// Models and versions with what people say of them, in a SQL database.
package struct SQLRegistrationStore: RegistrationStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RegistrationReading) throws -> Result
    ) async throws -> Result {
        try await database.read { try body(SQLRegistryTransaction(transaction: $0)) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RegistrationWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLRegistryTransaction(transaction: $0)) }
    }
}
