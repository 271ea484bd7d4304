// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelRegistry
internal import Testing

/// Endpoints, the ledger, and transactions.
extension RegistryStoreContract {
    func theNewestDeploymentIsTheEndpoints() async throws {
        let store = try await makeStore()
        let first = makeDeployment(1, version: 1, base: nil, at: 10)
        let second = makeDeployment(2, version: 2, base: 1, at: 20)
        let third = Deployment(
            generation: 3, model: churn, version: 1, restores: 1, base: nil, createdAt: Timestamp(microseconds: 30),
            createdBy: "alice")
        try await store.write { store in
            try store.insert(makeVersion(1))
            try store.insert(makeVersion(2))
            for deployment in [first, second, third] {
                try store.insert(deployment, to: churnEndpoint, in: .standard)
            }
            try store.insert(first, to: makeName("another"), in: .standard)
        }
        try await store.read { store throws in
            let expected = EndpointRecord(
                project: .standard, name: churnEndpoint, createdAt: Timestamp(microseconds: 10), current: third)
            #expect(try store.endpoint(churnEndpoint, in: .standard) == expected)
            #expect(try store.endpoints().map(\.name.rawValue) == ["another", "churn"])
            #expect(try store.endpoints().map(\.current.generation) == [1, 3])
            #expect(try store.deployments(of: churnEndpoint, in: .standard) == [third, second, first])
            #expect(try store.endpoint(churnEndpoint, in: makeName("growth")) == nil)
        }
        await expectCode(.storeUnavailable) {
            try await store.write { try $0.insert(second, to: churnEndpoint, in: .standard) }
        }
        await expectCode(.storeUnavailable) {
            try await store.write {
                try $0.insert(makeDeployment(4, version: 9, base: 1, at: 40), to: churnEndpoint, in: .standard)
            }
        }
    }

    /// They outlive deployments, and replace each other as a whole.
    func settingsBelongToTheEndpoint() async throws {
        let store = try await makeStore()
        let settings = try EndpointSettings([.deadline: "100ms", .queue: "7", .runOn: "lane"])
        let fewer = try EndpointSettings([.ratePerClient: "5/m"])
        try await store.write { store in
            try store.insert(makeVersion(1))
            try store.insert(makeVersion(2))
            for name in ["churn", "another"] {
                try store.insert(makeDeployment(1, version: 1, base: nil, at: 10), to: makeName(name), in: .standard)
            }
            try store.setSettings(settings, of: churnEndpoint, in: .standard)
            try store.insert(makeDeployment(2, version: 2, base: 1, at: 20), to: churnEndpoint, in: .standard)
        }
        try await store.read { store throws in
            #expect(try store.endpoint(churnEndpoint, in: .standard)?.settings == settings)
            #expect(try store.endpoints().map(\.settings) == [.standard, settings])
        }
        try await store.write { try $0.setSettings(fewer, of: churnEndpoint, in: .standard) }
        #expect(try await store.read { try $0.endpoint(churnEndpoint, in: .standard)?.settings } == fewer)
        await expectCode(.storeUnavailable) {
            try await store.write { try $0.setSettings(settings, of: makeName("nowhere"), in: .standard) }
        }
        // A new endpoint of the same name starts with the standard ones.
        try await store.write { store in
            try store.removeEndpoint(churnEndpoint, in: .standard)
            try store.insert(makeDeployment(1, version: 1, base: nil, at: 30), to: churnEndpoint, in: .standard)
        }
        #expect(try await store.read { try $0.endpoint(churnEndpoint, in: .standard)?.settings } == .standard)
    }

    func aRemovedEndpointIsForgotten() async throws {
        let store = try await makeStore()
        try await store.write { store in
            try store.insert(makeVersion(1))
            for name in ["churn", "another"] {
                try store.insert(
                    makeDeployment(1, version: 1, base: nil, at: 10), to: makeName(name), in: .standard)
            }
            try store.removeEndpoint(churnEndpoint, in: .standard)
        }
        try await store.read { store throws in
            #expect(try store.endpoint(churnEndpoint, in: .standard) == nil)
            #expect(try store.deployments(of: churnEndpoint, in: .standard).isEmpty)
            #expect(try store.endpoints().map(\.name.rawValue) == ["another"])
            #expect(try store.versions(of: churn).count == 1)
        }
    }

    func theLedgerOnlyGrowsAtItsEnd() async throws {
        let store = try await makeStore()
        for _ in 0..<3 { try await store.write { try $0.append(nextEntry(in: $0)) } }
        let entries = try await store.read { try $0.ledger(from: 0, limit: 10) }
        #expect(entries.map(\.sequence) == [0, 1, 2])
        #expect(try await store.read { try $0.ledgerHead() } == entries.last)
        #expect(try await store.read { try $0.ledger(from: 1, limit: 1) } == [entries[1]])

        let change = makeChange(actor: "mallory")
        let misplaced = [
            LedgerEntry(sequence: 4, time: entries[2].time, change: change, after: entries[2].chain),
            LedgerEntry(sequence: 1, time: entries[2].time, change: change, after: entries[0].chain),
            LedgerEntry(sequence: 3, time: entries[2].time, change: change, after: entries[1].chain),
        ]
        for entry in misplaced {
            await expectCode(.storeUnavailable) { try await store.write { try $0.append(entry) } }
        }
        #expect(try await store.read { try $0.ledger(from: 0, limit: 10) } == entries)
    }

    /// As they lie there; and the newest one of some actions at a moment, whatever else was done.
    func theLedgerTellsWhatStoodWhen() async throws {
        let store = try await makeStore()
        let done: [(action: String, object: String, time: Int64)] = [
            ("deploy", "a", 10), ("set", "a", 11), ("deploy", "b", 11), ("set", "a", 11), ("remove", "a", 12),
            ("deploy", "a", 13), ("deploy", "a", 13),
        ]
        for (action, object, time) in done {
            try await store.write { store in
                let head = try store.ledgerHead()
                try store.append(
                    LedgerEntry(
                        sequence: (head?.sequence ?? -1) + 1, time: Timestamp(microseconds: time),
                        change: LedgerChange(
                            actor: "alice", action: action, object: object, after: "\(time)", evidence: "e\(time)"),
                        after: head?.chain))
            }
        }
        let entries = try await store.read { try $0.ledger(from: 0, limit: 10) }
        #expect(entries.map(\.change.evidence) == done.map { "e\($0.time)" })
        #expect(try await store.read { try $0.ledgerRows(after: nil, limit: 10) } == entries.map(LedgerRow.init))
        #expect(try await store.read { try $0.ledgerRows(after: 2, limit: 2) } == entries[3...4].map(LedgerRow.init))
        #expect(try await store.read { try $0.ledgerRows(after: 6, limit: 2) }.isEmpty)
        let newest = { (time: Int64, actions: [String]) in
            try await store.read { store in
                try store.newestEntry(of: "a", actions: actions, until: Timestamp(microseconds: time))?.sequence
            }
        }
        #expect(try await newest(9, ["deploy", "remove"]) == nil)
        #expect(try await newest(11, ["deploy", "remove"]) == 0)
        #expect(try await newest(12, ["deploy", "remove"]) == 4)
        #expect(try await newest(.max, ["deploy", "remove"]) == 6)
        #expect(try await newest(.max, ["set"]) == 3)
        #expect(try await newest(.max, []) == nil)
    }

    func textsComeBackByteForByte() async throws {
        let store = try await makeStore()
        let reason = "e\u{301} is not \u{E9},\n“quoted” 'quote' \"double\" :name $1 ? \\ 🛥 \u{FFFD}"
        let entry = LedgerEntry(
            sequence: 0, time: Timestamp(microseconds: -1),
            change: LedgerChange(actor: "", action: "a", object: "o", before: nil, after: "", reason: reason),
            after: nil)
        try await store.write { try $0.append(entry) }
        let read = try #require(try await store.read { try $0.ledgerHead() })
        #expect(read == entry)
        #expect(Array((read.change.reason ?? "").utf8) == Array(reason.utf8))
    }

    func aBodyThatThrowsChangesNothing() async throws {
        let store = try await makeStore()
        try await store.write { try $0.insert(makeVersion(1)) }
        await #expect(throws: GivenUp.self) {
            try await store.write { store in
                try store.insert(makeVersion(2))
                try store.setAlias(champion, of: churn, to: 2)
                try store.insert(makeDeployment(1, version: 2, base: nil, at: 1), to: churnEndpoint, in: .standard)
                try store.append(nextEntry(in: store))
                throw GivenUp()
            }
        }
        try await store.read { store throws in
            #expect(try store.versions(of: churn).map(\.number) == [1])
            #expect(try store.aliases(of: churn).isEmpty)
            #expect(try store.endpoints().isEmpty)
            #expect(try store.ledgerHead() == nil)
        }
        try await store.write { try $0.insert(makeVersion(2)) }
    }
}

private struct GivenUp: Error {}
