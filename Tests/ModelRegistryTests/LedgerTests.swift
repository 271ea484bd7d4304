// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import Testing

struct LedgerTests {
    @Test func everyChangeHasItsEntryAndTheChainHolds() async throws {
        try await RegistryFixture.with { fixture async throws in
            #expect(try await fixture.registry.verifyLedger().head.size == 0)
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
            #expect(try await fixture.registry.verifyLedger().head.size == 5)
        }
    }

    /// More entries than are read at a time.
    @Test func aLongLedgerIsVerifiedToItsEnd() async throws {
        try await RegistryFixture.with { fixture async throws in
            let store = SQLRegistryStore(database: fixture.database)
            try await store.write { store in for _ in 0..<1100 { try store.append(nextEntry(in: store)) } }
            #expect(try await fixture.registry.verifyLedger().head.size == 1100)
            try await tamper(fixture, "UPDATE ledger SET actor = 'mallory' WHERE sequence = 1099")
            let error = await #expect(throws: LedgerBroken.self) { try await fixture.registry.verifyLedger() }
            #expect(
                error?.faults == [
                    .differs(sequence: 1099, field: "actor", leaf: "alice", row: "mallory", isLeaf: false)
                ])
        }
    }

    @Test(arguments: [
        ("UPDATE ledger SET actor = 'mallory' WHERE sequence = 1", 1, "actor"),
        ("UPDATE ledger SET action = 'model.delete' WHERE sequence = 1", 1, "action"),
        ("UPDATE ledger SET object = 'model/default/churn/9' WHERE sequence = 1", 1, "object"),
        ("UPDATE ledger SET before = 'x' WHERE sequence = 3", 3, "before"),
        ("UPDATE ledger SET reason = 'good' WHERE sequence = 2", 2, "reason"),
        ("UPDATE ledger SET evidence = NULL WHERE sequence = 2", 2, "evidence"),
        ("UPDATE ledger SET time = time + 1 WHERE sequence = 0", 0, "time"),
        ("UPDATE ledger SET after = NULL WHERE sequence = 2", 2, "after"),
        ("UPDATE ledger SET leaf = x'00' WHERE sequence = 1", 1, "leaf"),
        ("UPDATE ledger SET chain = (SELECT chain FROM ledger WHERE sequence = 0) WHERE sequence = 1", 1, "chain"),
        ("UPDATE ledger SET chain = 'none' WHERE sequence = 3", 3, "chain"),
        ("DELETE FROM ledger WHERE sequence = 0", 0, "entry"),
        ("DELETE FROM ledger WHERE sequence = 1", 1, "entry"),
        ("UPDATE ledger SET sequence = sequence + 10", 0, "entry"),
        ("UPDATE ledger SET sequence = -7 WHERE sequence = 2", -7, "entry"),
    ])
    func anEditIsFoundWhereItWasMade(_ statement: String, _ sequence: Int, _ field: String) async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(4)
            try await tamper(fixture, statement)
            let error = await #expect(throws: LedgerBroken.self) { try await fixture.registry.verifyLedger() }
            #expect(error?.faults.first?.sequence == sequence && error?.faults.first?.field == field)
            #expect(error?.explanation.code == .ledgerBroken)
            // No head is given of such a ledger, and nothing is proven in it.
            await #expect(throws: LedgerBroken.self) { try await fixture.registry.proveEntry(0) }
        }
    }

    /// Heads, and proofs of entries and of what was there earlier, over more entries than are read at a time.
    @Test func whoKeptAHeadNoticesEverything() async throws {
        try await RegistryFixture.with { fixture async throws in
            let registry = fixture.registry
            let store = SQLRegistryStore(database: fixture.database)
            let empty = try await registry.verifyLedger().head
            #expect(empty.size == 0 && empty.chain == nil)
            try await store.write { store in for _ in 0..<1500 { try store.append(nextEntry(in: store)) } }
            let kept = try await registry.verifyLedger().head
            try await store.write { store in for _ in 0..<700 { try store.append(nextEntry(in: store)) } }
            for head in [empty, kept] {
                let verified = try await registry.verifyLedger(extending: head)
                #expect(verified.head.size == 2200)
                #expect(
                    MerkleProof.holds(
                        oldSize: head.size, oldRoot: head.root, size: 2200, root: verified.head.root,
                        path: verified.consistency))
            }
            for sequence in [0, 999, 1000, 1499] {
                let proof = try await registry.proveEntry(sequence, size: kept.size)
                #expect(proof.holds && proof.root == kept.root && proof.sequence == sequence)
            }
            let last = try await registry.proveEntry(2199)
            #expect(last.holds && last.size == 2200)
            for (sequence, size) in [(1500, 1500), (2200, nil), (0, 2201)] as [(Int, Int?)] {
                await expectCode(.outOfRange) { _ = try await registry.proveEntry(sequence, size: size) }
            }
            try await tamper(fixture, "DELETE FROM ledger WHERE sequence >= 1490")
            #expect(try await registry.verifyLedger().head.size == 1490)
            let error = await #expect(throws: LedgerBroken.self) { try await registry.verifyLedger(extending: kept) }
            #expect(error?.faults == [.cutOff(size: 1490, head: kept)])
        }
    }

    /// A clock that is set back does not make the past another one.
    @Test func timesAreInTheLedgersOrder() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(2)
            _ = try await fixture.deploy(1)
            let late = try #require(try await fixture.registry.ledger(limit: 10).last).time
            let slow = ModelRegistry(store: SQLRegistryStore(database: fixture.database)) { Timestamp(microseconds: 1) }
            _ = try await slow.recordDeployment(to: churnEndpoint, model: churn, version: 2, by: "bob", reason: nil)
            #expect(try await fixture.registry.ledger(limit: 10).last?.time == late)
            #expect(
                try await fixture.registry.answering(at: churnEndpoint, time: late).version == "model/default/churn/2")
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
            #expect(try await fixture.registry.verifyLedger().head.size == entries.count)
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
            #expect(try await fixture.registry.verifyLedger().head.size == 1)
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
            #expect(try await fixture.registry.verifyLedger().head.size == 2)
        }
    }

    private func tamper(_ fixture: RegistryFixture, _ statement: String) async throws {
        try await fixture.database.write { try $0.execute(statement, [:]) }
    }
}
