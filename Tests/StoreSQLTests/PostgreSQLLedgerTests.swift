// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import Testing

/// What somebody changes in a PostgreSQL server is named as in a file.
struct PostgreSQLLedgerTests {
    @Test func whatIsChangedIsNamedAndWhatIsCutOffIsFoundAgainstAHead() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let store = SQLRegistryStore(database: fixture.database)
            let registry = ModelRegistry(store: store) { Timestamp(microseconds: 1) }
            try await store.write { store in for _ in 0..<1200 { try store.append(nextEntry(in: store)) } }
            let head = try await registry.verifyLedger().head
            #expect(head.size == 1200)
            #expect(try await registry.proveEntry(1100, size: 1150).holds)
            for (statement, undo, sequence, field) in [
                (
                    "UPDATE ledger SET actor = 'mallory' WHERE sequence = 1100",
                    "UPDATE ledger SET actor = 'alice' WHERE sequence = 1100", 1100, "actor"
                ),
                (
                    "UPDATE ledger SET reason = 'good' WHERE sequence = 5",
                    "UPDATE ledger SET reason = NULL WHERE sequence = 5", 5, "reason"
                ),
                (
                    "UPDATE ledger SET time = time + 1 WHERE sequence = 7",
                    "UPDATE ledger SET time = time - 1 WHERE sequence = 7", 7, "time"
                ),
                (
                    "UPDATE ledger SET leaf = leaf || leaf WHERE sequence = 9",
                    "UPDATE ledger SET leaf = substring(leaf FROM 1 FOR length(leaf) / 2) WHERE sequence = 9", 9, "leaf"
                ),
                (
                    "UPDATE ledger SET sequence = -3 WHERE sequence = 600",
                    "UPDATE ledger SET sequence = 600 WHERE sequence = -3", -3, "entry"
                ),
            ] {
                try await fixture.execute(statement)
                let error = await #expect(throws: LedgerBroken.self) { try await registry.verifyLedger() }
                #expect(
                    error?.faults.first?.sequence == sequence && error?.faults.first?.field == field, "\(statement)")
                try await fixture.execute(undo)
                #expect(try await registry.verifyLedger(extending: head).head.root == head.root)
            }
            try await fixture.execute("DELETE FROM ledger WHERE sequence >= 1190")
            #expect(try await registry.verifyLedger().head.size == 1190)
            let error = await #expect(throws: LedgerBroken.self) { try await registry.verifyLedger(extending: head) }
            #expect(error?.faults == [.cutOff(size: 1190, head: head)])
        }
    }
}
