// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import PortContracts
import StoreSQL
import TestSupport
import Testing

struct ContractTests {
    @Test func theRegistryKeepsItsContract() async throws {
        try await withTemporaryFolder { folder async throws in
            try await RegistryStoreContract { SQLRegistryStore(database: try await openDatabase(in: folder)) }.run()
        }
    }

    @Test func theCredentialsKeepTheirContract() async throws {
        try await withTemporaryFolder { folder async throws in
            try await CredentialStoreContract { SQLCredentialStore(database: try await openDatabase(in: folder)) }.run()
        }
    }
}

/// A new database of its own.
private func openDatabase(in folder: String) async throws -> SQLiteDatabase {
    try await SQLiteDatabase.open(at: "\(folder)/\(UUID().uuidString).sqlite", time: Timestamp(microseconds: 1))
}
