// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelRegistry
internal import Testing

/// What every `RegistryStore` promises. A new adapter starts by running this.
package struct RegistryStoreContract {
    let makeStore: @Sendable () async throws -> any RegistryStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any RegistryStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await anEmptyStoreHasNothing()
        try await versionsComeBackAsTheyWere()
        try await aNumberIsGivenOnce()
        try await projectsCountWhatIsInThem()
        try await namesAreComparedByteByByte()
        try await anAliasPointsToOneVersion()
        try await theNewestDeploymentIsTheEndpoints()
        try await settingsBelongToTheEndpoint()
        try await aRemovedEndpointIsForgotten()
        try await theLedgerOnlyGrowsAtItsEnd()
        try await theLedgerTellsWhatStoodWhen()
        try await textsComeBackByteForByte()
        try await aBodyThatThrowsChangesNothing()
        try await writersFromManyTasksWaitForEachOther()
    }

    func anEmptyStoreHasNothing() async throws {
        let store = try await makeStore()
        try await store.read { store throws in
            #expect(try store.projects().map(\.name) == [.standard])
            #expect(try store.hasProject(.standard))
            #expect(try store.models().isEmpty)
            #expect(try store.versions(of: churn).isEmpty)
            #expect(try store.version(1, of: churn) == nil)
            #expect(try store.aliases(of: churn).isEmpty)
            #expect(try store.endpoints().isEmpty)
            #expect(try store.endpoint(churnEndpoint, in: .standard) == nil)
            #expect(try store.deployments(of: churnEndpoint, in: .standard).isEmpty)
            #expect(try store.ledgerHead() == nil)
            #expect(try store.ledger(from: 0, limit: 10).isEmpty)
        }
    }

    func versionsComeBackAsTheyWere() async throws {
        let store = try await makeStore()
        let first = makeVersion(1)
        let second = ModelVersion(
            model: churn, number: 2, bundle: nil, provenance: nil, status: .pending, origin: nil,
            createdAt: Timestamp(microseconds: .max), createdBy: "bob")
        try await store.write { store in
            try store.insert(first)
            try store.insert(second)
        }
        try await store.write { try $0.setStatus(.failed, of: 2, model: churn) }
        try await store.read { store throws in
            let versions = try store.versions(of: churn)
            #expect(versions.map(\.number) == [2, 1])
            #expect(versions.first?.status == .failed)
            #expect(versions.first?.bundle == nil)
            #expect(versions.first?.createdAt == second.createdAt)
            #expect(versions.last == first)
            #expect(try store.version(1, of: churn) == first)
            #expect(try store.version(3, of: churn) == nil)
        }
    }

    func projectsCountWhatIsInThem() async throws {
        let store = try await makeStore()
        let growth: ProjectName = makeName("growth")
        let time = Timestamp(microseconds: 9)
        try await store.write { store in
            try store.insertProject(growth, at: time)
            try store.insertProject(growth, at: Timestamp(microseconds: 10))
        }
        let empty = ProjectRecord(name: growth, createdAt: time, modelCount: 0, endpointCount: 0, tokenCount: 0)
        #expect(try await store.read { try $0.projects() }.last == empty)
        try await store.write { store in
            try store.insert(makeVersion(1, of: ModelReference(project: growth, name: makeName("churn"))))
            try store.insert(makeVersion(1))
            try store.insert(makeDeployment(1, version: 1, base: nil, at: 10), to: churnEndpoint, in: growth)
        }
        let counts = try await store.read { try $0.projects().map { [$0.modelCount, $0.endpointCount] } }
        #expect(counts == [[1, 0], [1, 1]])
        let other: ProjectName = makeName("other")
        try await store.write { store in
            try store.insertProject(other, at: time)
            try store.removeProject(other)
        }
        #expect(try await store.read { try !$0.hasProject(other) && $0.hasProject(growth) })
    }

    func aNumberIsGivenOnce() async throws {
        let store = try await makeStore()
        try await store.write { try $0.insert(makeVersion(1)) }
        await expectCode(.storeUnavailable) {
            try await store.write { try $0.insert(makeVersion(1, bundle: "other")) }
        }
        #expect(try await store.read { try $0.versions(of: churn) } == [makeVersion(1)])
    }

    func namesAreComparedByteByByte() async throws {
        let store = try await makeStore()
        let names = ["b", "B", "a.b", "a-b", "a_b"]
        try await store.write { store in
            for name in names { try store.insert(makeVersion(1, of: makeModel(name))) }
        }
        try await store.read { store throws in
            #expect(try store.models().map(\.name.rawValue) == ["B", "a-b", "a.b", "a_b", "b"])
            #expect(try store.versions(of: makeModel("A_b")).isEmpty)
        }
    }

    func anAliasPointsToOneVersion() async throws {
        let store = try await makeStore()
        try await store.write { store in
            try store.insert(makeVersion(1))
            try store.insert(makeVersion(2))
            try store.setAlias(champion, of: churn, to: 1)
            try store.setAlias(champion, of: churn, to: 2)
        }
        #expect(try await store.read { try $0.aliases(of: churn) } == [champion: 2])
        await expectCode(.storeUnavailable) {
            try await store.write { try $0.setAlias(champion, of: churn, to: 3) }
        }
        try await store.write { try $0.setAlias(champion, of: churn, to: nil) }
        #expect(try await store.read { try $0.aliases(of: churn) }.isEmpty)
    }

    func writersFromManyTasksWaitForEachOther() async throws {
        let store = try await makeStore()
        try await withThrowingTaskGroup { group in
            for writer in 0..<40 {
                group.addTask {
                    for _ in 0..<5 {
                        try await store.write { try $0.append(nextEntry(in: $0, actor: "writer-\(writer)")) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let entries = try await store.read { try $0.ledger(from: 0, limit: 1000) }
        #expect(entries.map(\.sequence) == Array(0..<200))
        var previous: Digest?
        for entry in entries {
            #expect(entry.chain == chainLink(after: previous, leaf: entry.leaf))
            previous = entry.chain
        }
    }
}
