// SPDX-License-Identifier: Apache-2.0
package import AccessControl
internal import ModelDomain
internal import ModelRegistry
internal import Testing

/// What every `CredentialStore` promises. A new adapter starts by running this.
package struct CredentialStoreContract {
    let makeStore: @Sendable () async throws -> any CredentialStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any CredentialStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await credentialsComeBackAsTheyWere()
        try await aHashIsKeptOnce()
        try await anEndCanBeSet()
        try await aRemovedCredentialIsForgotten()
        try await aChangeAndItsEntryAreOne()
    }

    func credentialsComeBackAsTheyWere() async throws {
        let store = try await makeStore()
        #expect(try await store.credentials().isEmpty)
        let project: ProjectName = makeName("growth")
        let all = Set(
            Role.allCases.map { makeCredential("token of \($0)", roles: [$0]) }
                + [
                    makeCredential("several", roles: [.developer, .approver]),
                    makeCredential("project", roles: [.viewer], scope: Scope(project: project)),
                    makeCredential("endpoint", roles: [.viewer], scope: Scope(endpoints: [churnEndpoint])),
                    makeCredential(
                        "endpoints", roles: [.viewer],
                        scope: Scope(project: project, endpoints: [churnEndpoint, makeName("a.b")])),
                    Credential(
                        tokenDigest: Digest(of: "noted".utf8), principal: makeName("bob"), roles: [.admin],
                        note: "für die Nacht\n“2”", createdAt: Timestamp(microseconds: 1), createdBy: "alice",
                        expiresAt: Timestamp(microseconds: .max)),
                ])
        try await store.write { store in for credential in all { try store.insert(credential) } }
        #expect(Set(try await store.credentials()) == all)
        #expect(Set(try await store.write { try $0.credentials() }) == all)
    }

    func aHashIsKeptOnce() async throws {
        let store = try await makeStore()
        let first = makeCredential("token", roles: [.viewer])
        try await store.write { try $0.insert(first) }
        await expectCode(.storeUnavailable) {
            try await store.write { try $0.insert(makeCredential("token", roles: [.admin])) }
        }
        #expect(try await store.credentials() == [first])
    }

    func anEndCanBeSet() async throws {
        let store = try await makeStore()
        let first = makeCredential("first", roles: [.viewer], scope: Scope(endpoints: [churnEndpoint]))
        let second = makeCredential("second", roles: [.viewer])
        let end = Timestamp(microseconds: 99)
        try await store.write { store in
            try store.insert(first)
            try store.insert(second)
            try store.setExpiry(end, of: first.tokenDigest)
        }
        let kept = try await store.credentials()
        #expect(kept.first { $0.id == first.id }?.expiresAt == end)
        #expect(kept.first { $0.id == first.id }?.scope == first.scope)
        #expect(kept.first { $0.id == second.id } == second)
    }

    func aRemovedCredentialIsForgotten() async throws {
        let store = try await makeStore()
        let first = makeCredential("first", roles: [.viewer], scope: Scope(endpoints: [churnEndpoint]))
        let second = makeCredential("second", roles: [.viewer], scope: Scope(endpoints: [churnEndpoint]))
        try await store.write { store in
            try store.insert(first)
            try store.insert(second)
        }
        try await store.write { store in
            try store.remove(first.tokenDigest)
            try store.remove(first.tokenDigest)
        }
        #expect(try await store.credentials() == [second])
        // Nothing of it is left that a later one of the same hash would take over.
        let again = makeCredential("first", roles: [.viewer])
        try await store.write { try $0.insert(again) }
        #expect(Set(try await store.credentials()) == [again, second])
    }

    func aChangeAndItsEntryAreOne() async throws {
        struct Stop: Error {}
        let store = try await makeStore()
        let time = Timestamp(microseconds: 7)
        await #expect(throws: Stop.self) {
            try await store.write { store in
                try store.insert(makeCredential("token", roles: [.viewer]))
                try LedgerWriter(store, by: "alice", at: time).append("token.create", "token/1")
                throw Stop()
            }
        }
        #expect(try await store.credentials().isEmpty)
        let head = try await store.write { store in
            #expect(try store.ledgerHead() == nil)
            try store.insert(makeCredential("token", roles: [.viewer]))
            try LedgerWriter(store, by: "alice", at: time).append("token.create", "token/1")
            return try store.ledgerHead()
        }
        #expect(head?.sequence == 0 && head?.change.object == "token/1")
        #expect(try await store.credentials().count == 1)
    }

    private func makeCredential(_ token: String, roles: [Role], scope: Scope = .all) -> Credential {
        Credential(
            tokenDigest: Digest(of: token.utf8), principal: makeName("alice"), roles: roles, scope: scope,
            createdAt: Timestamp(microseconds: 7), createdBy: "bob")
    }
}
