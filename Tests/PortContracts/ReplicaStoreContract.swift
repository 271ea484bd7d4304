// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import PlatformReplicas
internal import Testing

/// What every `ReplicaStore` promises. A new adapter starts by running this.
package struct ReplicaStoreContract {
    let makeStore: @Sendable () async throws -> any ReplicaStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any ReplicaStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await whoJoinsIsThereUntilItLeaves()
        try await whatIsObservedIsTold()
        try await oneHasTheWorkUntilItGivesItBack()
        try await whoIsSilentLosesItsWork()
        try await whoBeatsKeepsItsWork()
        try await whoLeavesLeavesItsWork()
    }

    private func replica(_ id: String, at place: String? = nil) -> Replica {
        Replica(id: id, host: "host-\(id)", place: place ?? "place-\(id)", processID: 7, version: "1", schema: 7)
    }

    func whoJoinsIsThereUntilItLeaves() async throws {
        let store = try await makeStore()
        let numbers = [
            try await store.join(replica("a")), try await store.join(replica("b")),
        ]
        #expect(Set(numbers).count == 2 && !numbers.contains(0))
        var a = replica("a")
        a.url = "http://a"
        _ = try await store.beat(a, observing: nil, holding: [], lasting: .seconds(60))
        let records = try await store.replicas()
        #expect(records.map(\.replica.id) == ["a", "b"])
        #expect(records.map(\.number) == numbers)
        #expect(records[0].replica == a && records[0].silence < .seconds(60))
        try await store.leave("a")
        try await store.leave("a")
        #expect(try await store.replicas().map(\.replica.id) == ["b"])
        // One that was forgotten comes back with its next beat.
        _ = try await store.beat(a, observing: nil, holding: [], lasting: .seconds(60))
        #expect(Set(try await store.replicas().map(\.replica.id)) == ["a", "b"])
    }

    func whatIsObservedIsTold() async throws {
        let store = try await makeStore()
        _ = try await store.join(replica("a"))
        let endpoints = try ["x", "y"].map { name in
            ObservedEndpoint(
                project: .standard, endpoint: try EndpointName(name), generation: 3, state: .failing,
                answering: "default/m version 2", problem: name == "x" ? "it differs" : nil)
        }
        _ = try await store.beat(replica("a"), observing: endpoints, holding: [], lasting: .seconds(60))
        #expect(try await store.replicas()[0].endpoints == endpoints)
        _ = try await store.beat(replica("a"), observing: nil, holding: [], lasting: .seconds(60))
        #expect(try await store.replicas()[0].endpoints == endpoints)
        _ = try await store.beat(replica("a"), observing: [], holding: [], lasting: .seconds(60))
        #expect(try await store.replicas()[0].endpoints.isEmpty)
    }

    func oneHasTheWorkUntilItGivesItBack() async throws {
        let store = try await makeStore()
        for id in ["a", "b"] { _ = try await store.join(replica(id)) }
        guard case .taken(let first) = try await store.take(.clearing, for: "a", lasting: .seconds(3600)) else {
            return #expect(Bool(false), "nobody else has it")
        }
        #expect(try await store.take(.clearing, for: "b", lasting: .seconds(3600)) == .isHeld(by: "host-a"))
        guard case .taken = try await store.take(.graphs, for: "b", lasting: .seconds(3600)) else {
            return #expect(Bool(false), "that is other work")
        }
        #expect(try await store.replicas().map(\.work) == [[.clearing], [.graphs]])
        // Only its holder gives it back.
        try await store.giveBack(first, of: "b")
        #expect(try await store.take(.clearing, for: "b", lasting: .seconds(3600)) == .isHeld(by: "host-a"))
        try await store.giveBack(first, of: "a")
        guard case .taken(let second) = try await store.take(.clearing, for: "b", lasting: .seconds(3600)) else {
            return #expect(Bool(false), "it was given back")
        }
        #expect(second.token > first.token)
        try await store.giveBack(first, of: "a")
        #expect(try await store.take(.clearing, for: "a", lasting: .seconds(3600)) == .isHeld(by: "host-b"))
    }

    func whoIsSilentLosesItsWork() async throws {
        let store = try await makeStore()
        for id in ["a", "b"] { _ = try await store.join(replica(id)) }
        guard case .taken(let first) = try await store.take(.following, for: "a", lasting: .milliseconds(1)) else {
            return #expect(Bool(false), "nobody else has it")
        }
        try await Task.sleep(for: .milliseconds(50))
        guard case .taken(let second) = try await store.take(.following, for: "b", lasting: .seconds(3600)) else {
            return #expect(Bool(false), "its time was up")
        }
        #expect(second.token > first.token)
        #expect(try await store.beat(replica("a"), observing: nil, holding: [first], lasting: .seconds(3600)).isEmpty)
        #expect(
            try await store.beat(replica("b"), observing: nil, holding: [second], lasting: .seconds(3600)) == [second])
    }

    func whoBeatsKeepsItsWork() async throws {
        let store = try await makeStore()
        for id in ["a", "b"] { _ = try await store.join(replica(id)) }
        guard case .taken(let lease) = try await store.take(.graphs, for: "a", lasting: .milliseconds(1)) else {
            return #expect(Bool(false), "nobody else has it")
        }
        try await Task.sleep(for: .milliseconds(50))
        // Late, and nobody was faster.
        #expect(
            try await store.beat(replica("a"), observing: nil, holding: [lease], lasting: .seconds(3600)) == [lease])
        #expect(try await store.take(.graphs, for: "b", lasting: .seconds(3600)) == .isHeld(by: "host-a"))
        // What it did in between is another lease than what it does from now on.
        guard case .taken(let next) = try await store.take(.graphs, for: "a", lasting: .seconds(3600)) else {
            return #expect(Bool(false), "it has it")
        }
        #expect(next.token > lease.token)
    }

    func whoLeavesLeavesItsWork() async throws {
        let store = try await makeStore()
        for id in ["a", "b"] { _ = try await store.join(replica(id)) }
        _ = try await store.take(.clearing, for: "a", lasting: .seconds(3600))
        try await store.leave("a")
        guard case .taken = try await store.take(.clearing, for: "b", lasting: .seconds(3600)) else {
            return #expect(Bool(false), "nobody has it any more")
        }
    }
}
