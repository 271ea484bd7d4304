// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import TestSupport
import Testing

/// A ledger from before entries had evidence is the same ledger, and goes on.
struct LedgerMigrationTests {
    private let time = Timestamp(microseconds: 1)

    @Test(arguments: ContractTests.Product.allCases)
    func aLedgerFromBeforeEvidenceHolds(_ product: ContractTests.Product) async throws {
        try await withTemporaryFolder { folder async throws in
            let url = product == .sqlite ? "\(folder)/r.sqlite" : try await PostgreSQLCluster.shared().makeDatabase()
            let old = try await open(product, url, schemaBefore(product))
            let first = LedgerEntry(sequence: 0, time: time, change: makeChange(actor: "alice"), after: nil)
            try await old.write { store in
                try store.execute(
                    """
                    INSERT INTO ledger (sequence, time, actor, action, object, before, after, reason, leaf, chain)
                    VALUES (0, 1, 'alice', 'model.register', 'model/default/churn/1', NULL, 'sha256:00', NULL, :leaf, :chain)
                    """, ["leaf": .blob(first.leaf), "chain": .text(first.chain.hex)])
            }
            try old.close()
            let new = try await open(product, url, product == .sqlite ? .sqlite : .postgreSQL)
            let registry = ModelRegistry(store: SQLRegistryStore(database: new)) { Timestamp(microseconds: 2) }
            #expect(try await registry.ledger(limit: 10) == [first])
            _ = try await registry.createProject(makeName("growth"), by: "alice")
            #expect(try await registry.verifyLedger().head.size == 2)
            try new.close()
        }
    }

    private func schemaBefore(_ product: ContractTests.Product) -> SQLSchema {
        let schema = product == .sqlite ? SQLSchema.sqlite : .postgreSQL
        let before = schema.migrations.prefix { $0.statements.allSatisfy { !$0.contains("ADD COLUMN evidence") } }
        return SQLSchema(bookkeeping: schema.bookkeeping, migrations: Array(before))
    }

    private func open(
        _ product: ContractTests.Product, _ place: String, _ schema: SQLSchema
    ) async throws -> any SQLDatabase {
        switch product {
        case .sqlite: try await SQLiteDatabase.open(at: place, schema: schema, time: time)
        case .postgreSQL: try await PostgreSQLDatabase.open(url: place, schema: schema, time: time)
        }
    }
}
