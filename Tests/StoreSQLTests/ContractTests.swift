// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ContentRetention
import Foundation
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import TestSupport
import Testing

/// Both products keep the same contracts.
struct ContractTests {
    enum Product: CaseIterable { case sqlite, postgreSQL }

    @Test(arguments: Product.allCases)
    func theRegistryKeepsItsContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await RegistryStoreContract {
                SQLRegistryStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func registrationsKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await RegistrationStoreContract {
                SQLRegistrationStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func trackingKeepsItsContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await TrackingStoreContract {
                SQLTrackingStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func retentionKeepsItsContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await RetentionStoreContract {
                let database = try await openDatabase(product, in: folder)
                return RetentionStoreContract.Stores(
                    retention: SQLRetentionStore(database: database), tracking: SQLTrackingStore(database: database),
                    registrations: SQLRegistrationStore(database: database))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func versionsOfDataKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await DatasetStoreContract {
                SQLDatasetStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func replicasKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await ReplicaStoreContract {
                SQLReplicaStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func alertsKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await AlertStoreContract {
                SQLAlertStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func countsOfTrafficKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await MonitorStoreContract {
                SQLMonitorStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func labelsKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await LabelStoreContract {
                SQLLabelStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }

    @Test(arguments: Product.allCases)
    func keysOfSubjectsKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await SubjectKeyStoreContract {
                SQLSubjectKeyStore(database: try await openDatabase(product, in: folder)) { Timestamp(microseconds: 1) }
            }.check()
        }
    }

    @Test(arguments: Product.allCases)
    func theCredentialsKeepTheirContract(_ product: Product) async throws {
        try await withTemporaryFolder { folder async throws in
            try await CredentialStoreContract {
                SQLCredentialStore(database: try await openDatabase(product, in: folder))
            }.run()
        }
    }
}

/// A new database of its own.
private func openDatabase(_ product: ContractTests.Product, in folder: String) async throws -> any SQLDatabase {
    let time = Timestamp(microseconds: 1)
    switch product {
    case .sqlite: return try await SQLiteDatabase.open(at: "\(folder)/\(UUID().uuidString).sqlite", time: time)
    case .postgreSQL:
        let url = try await PostgreSQLCluster.shared().makeDatabase()
        return try await PostgreSQLDatabase.open(url: url, time: time)
    }
}
