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
