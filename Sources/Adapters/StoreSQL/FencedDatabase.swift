// SPDX-License-Identifier: Apache-2.0
internal import PlatformReplicas

/// A database in which whatever is written under a lease is written only where that is still held: a server that was
/// suspended, and whose work another has taken over, changes nothing when it goes on.
///
/// It asks in the transaction of the change itself, so that nobody can take the lease in between.
package struct FencedDatabase: SQLDatabase {
    private let database: any SQLDatabase

    package init(_ database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        try await database.read(body)
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Result
    ) async throws -> Result {
        let leases = Lease.held
        guard !leases.isEmpty else { return try await database.write(body) }
        return try await database.write { transaction in
            for lease in leases {
                guard try transaction.isPresent(lease) else { throw ReplicaError.leaseLost(lease.work) }
            }
            return try body(transaction)
        }
    }

    package func close() throws { try database.close() }
}
