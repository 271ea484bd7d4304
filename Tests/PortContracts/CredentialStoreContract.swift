// SPDX-License-Identifier: Apache-2.0
package import AccessControl
internal import ModelDomain
internal import Testing

/// What every `CredentialStore` promises. A new adapter starts by running this.
package struct CredentialStoreContract {
    let makeStore: @Sendable () async throws -> any CredentialStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any CredentialStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await credentialsComeBackAsTheyWere()
        try await theSameHashAgainChangesNothing()
        try await aRemovedCredentialIsForgotten()
    }

    func credentialsComeBackAsTheyWere() async throws {
        let store = try await makeStore()
        #expect(try await store.credentials().isEmpty)
        let all = Set(
            Credential.Role.allCases.map { makeCredential("token of \($0)", role: $0, scope: nil) }
                + [makeCredential("scoped", role: .predictor, scope: churnEndpoint)])
        for credential in all { try await store.insert(credential) }
        #expect(Set(try await store.credentials()) == all)
    }

    func theSameHashAgainChangesNothing() async throws {
        let store = try await makeStore()
        let first = makeCredential("token", role: .viewer, scope: nil)
        try await store.insert(first)
        try await store.insert(makeCredential("token", role: .administrator, scope: churnEndpoint))
        #expect(try await store.credentials() == [first])
    }

    func aRemovedCredentialIsForgotten() async throws {
        let store = try await makeStore()
        let first = makeCredential("first", role: .viewer, scope: nil)
        let second = makeCredential("second", role: .viewer, scope: nil)
        try await store.insert(first)
        try await store.insert(second)
        try await store.remove(first.tokenDigest)
        try await store.remove(first.tokenDigest)
        #expect(try await store.credentials() == [second])
    }

    private func makeCredential(_ token: String, role: Credential.Role, scope: EndpointName?) -> Credential {
        Credential(
            tokenDigest: Digest(of: token.utf8), principal: "alice", role: role, scope: scope,
            createdAt: Timestamp(microseconds: 7))
    }
}
