// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import Testing

struct LedgerTests {
    @Test func everyChangeHasItsEntryAndTheChainHolds() async throws {
        try await RegistryFixture.with { fixture async throws in
            #expect(try await fixture.registry.verifyLedger() == 0)
            try await fixture.register(2)
            _ = try await fixture.deploy(1)
            _ = try await fixture.deploy(2)
            _ = try await fixture.rollBack()
            #expect(
                try await fixture.ledger() == [
                    "model.register model/default/churn/1", "model.register model/default/churn/2",
                    "endpoint.deploy endpoint/default/churn", "endpoint.deploy endpoint/default/churn",
                    "endpoint.rollback endpoint/default/churn",
                ])
            let last = try #require(try await fixture.registry.ledger(from: 4, limit: 1).first)
            #expect(last.change.before == "model/default/churn/2" && last.change.after == "model/default/churn/1")
            #expect(last.change.actor == "bob")
            #expect(try await fixture.registry.verifyLedger() == 5)
        }
    }

    /// More entries than are read at a time.
    @Test func aLongLedgerIsVerifiedToItsEnd() async throws {
        try await RegistryFixture.with { fixture async throws in
            let store = SQLRegistryStore(database: fixture.database)
            try await store.write { store in for _ in 0..<1100 { try store.append(nextEntry(in: store)) } }
            #expect(try await fixture.registry.verifyLedger() == 1100)
            try await tamper(fixture, "UPDATE ledger SET actor = 'mallory' WHERE sequence = 1099")
            await #expect(throws: RegistryError.ledgerBroken(sequence: 1099)) {
                try await fixture.registry.verifyLedger()
            }
        }
    }

    @Test(arguments: [
        ("UPDATE ledger SET actor = 'mallory' WHERE sequence = 1", 1),
        ("UPDATE ledger SET reason = 'good' WHERE sequence = 2", 2),
        ("UPDATE ledger SET time = time + 1 WHERE sequence = 0", 0),
        ("UPDATE ledger SET after = NULL WHERE sequence = 2", 2),
        ("UPDATE ledger SET leaf = x'00' WHERE sequence = 1", 1),
        ("UPDATE ledger SET chain = (SELECT chain FROM ledger WHERE sequence = 0) WHERE sequence = 1", 1),
        ("DELETE FROM ledger WHERE sequence = 0", 0),
        ("DELETE FROM ledger WHERE sequence = 1", 1),
        ("UPDATE ledger SET sequence = sequence + 10", 0),
    ])
    func anEditIsFoundWhereItWasMade(_ statement: String, _ sequence: Int) async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(4)
            try await tamper(fixture, statement)
            let error = await #expect(throws: RegistryError.self) { try await fixture.registry.verifyLedger() }
            #expect(error == .ledgerBroken(sequence: sequence))
            #expect(error?.explanation.code == .ledgerBroken)
        }
    }

    @Test func writersAtOnceLeaveNoGap() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(2)
            try await withThrowingTaskGroup { group in
                for writer in 0..<30 {
                    group.addTask {
                        let model = makeModel("model-\(writer % 5)")
                        let manifest = Digest(of: "\(writer)".utf8)
                        _ = try await fixture.registry.register(
                            model, manifest: manifest, provenance: manifest, origin: nil, by: "writer-\(writer)")
                        _ = try await fixture.registry.recordDeployment(
                            to: churnEndpoint, model: churn, version: 1 + writer % 2, by: "writer", reason: "race")
                    }
                }
                try await group.waitForAll()
            }
            for index in 0..<5 {
                let versions = try await fixture.registry.versions(of: makeModel("model-\(index)"))
                #expect(versions.map(\.number) == [6, 5, 4, 3, 2, 1])
            }
            let deployments = try await fixture.registry.deployments(of: churnEndpoint)
            #expect(deployments.map(\.generation) == Array((1...deployments.count).reversed()))
            let entries = try await fixture.registry.ledger(limit: 1000)
            #expect(entries.count == 32 + deployments.count)
            #expect(entries.map(\.time) == entries.map(\.time).sorted())
            #expect(try await fixture.registry.verifyLedger() == entries.count)
        }
    }

    /// SQLite would cut a text at a NUL, and the ledger would look edited.
    @Test(arguments: ["a\0b", "\u{1B}[31m", "a\u{7F}", String(repeating: "x", count: 2001)])
    func aReasonThatCannotBeKeptIsRefused(_ reason: String) async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            await expect(.brokenText, hint: "control characters") {
                _ = try await fixture.registry.recordDeployment(
                    to: churnEndpoint, model: churn, version: 1, by: "alice", reason: reason)
            }
            #expect(try await fixture.registry.endpoints().isEmpty)
            #expect(try await fixture.registry.verifyLedger() == 1)
        }
    }

    @Test func aReasonIsKeptAsItWasWritten() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            let reason = "first line\n\t“quoted”, e\u{301}, 🛥, \"double\" \\ end"
            _ = try await fixture.registry.recordDeployment(
                to: churnEndpoint, model: churn, version: 1, by: "alice", reason: reason)
            let kept = try await fixture.registry.ledger(limit: 10).last?.change.reason
            #expect(kept.map { Array($0.utf8) } == Array(reason.utf8))
            #expect(try await fixture.registry.verifyLedger() == 2)
        }
    }

    private func tamper(_ fixture: RegistryFixture, _ statement: String) async throws {
        try await fixture.database.write { try $0.execute(statement, [:]) }
    }
}
