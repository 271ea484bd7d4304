// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Synchronization

/// Makes tokens, and decides what their bearers may do: the one place that does, for every interface.
///
/// A token itself is nowhere kept: the store has its SHA-256, and so has the snapshot in memory that
/// ``authorize(_:needs:of:)`` looks at, so that a request waits for no store.
package final class TokenAuthority: Sendable {
    let store: any CredentialStore
    let now: @Sendable () -> Timestamp
    /// This server's data folder, among those of others; `nil` where there are none.
    let place: TokenPlace?
    private let snapshot: Mutex<Snapshot>
    /// The administrator's token of this data folder.
    let ownToken = Mutex<Digest?>(nil)

    /// Reads the credentials that are there.
    ///
    /// - Parameter place: The data folder, where servers with others have the same store: what its token is known by.
    package init(
        store: any CredentialStore, place: TokenPlace? = nil, now: @escaping @Sendable () -> Timestamp
    ) async throws {
        self.store = store
        self.place = place
        self.now = now
        snapshot = Mutex(Snapshot(known: try await store.credentials().map(KnownToken.init)))
    }

    /// Whether the bearer of `token` may do something.
    ///
    /// The time this takes says nothing about the tokens that are known: hashes are compared, every one, to the end.
    /// - Parameters:
    ///   - permission: One of several is enough.
    ///   - resource: Asked for only where the token is confined to some.
    /// - Throws: `ACC-001` without a token; `ACC-002` for one that is not known, has expired, or is not for this.
    package func authorize(
        _ token: String?, needs permission: Permission, of resource: @autoclosure () -> Resource
    ) throws(AccessDenial) -> Principal {
        let principal = try identify(token)
        try principal.require(permission, of: resource())
        return principal
    }

    /// Whose token it is, whatever they may do.
    ///
    /// - Throws: `ACC-001` without a token; `ACC-002` for one that is not known, or has expired.
    package func identify(_ token: String?) throws(AccessDenial) -> Principal {
        guard let token, !token.isEmpty else { throw .tokenMissing }
        guard token.utf8.count <= longestToken else { throw .tokenUnknown }
        let hash = TokenHash(Digest(of: token.utf8))
        let known = snapshot.withLock { $0.known }
        var position: Int?
        for index in known.indices where known[index].hash.isEqual(to: hash) { position = index }
        guard let position else { throw .tokenUnknown }
        let found = known[position]
        // The time is asked for only by tokens that it matters to.
        if let end = found.expiresAt, end <= now() { throw .tokenExpired(principal: found.principal.name, at: end) }
        return found.principal
    }

    /// Who has a token that is for this endpoint by its name, and may ask it.
    package func mayAsk(_ endpoint: EndpointName, in project: ProjectName) -> [PrincipalName] {
        let principals = snapshot.withLock { $0.known.map(\.principal) }
        let named = principals.filter { principal in
            principal.scope.endpoints != nil && principal.sees(endpoint, in: project)
                && principal.permissions.contains(.predict)
        }
        return Set(named.map(\.name)).sorted()
    }

    // MARK: What is in memory

    /// Takes up what the store has: after every change that is made here, and now and then for those that are made
    /// elsewhere.
    package func refresh() async throws {
        // A reading that began earlier does not replace one that began later, which saw all that it could have seen.
        let turn = snapshot.withLock { snapshot in
            snapshot.begun += 1
            return snapshot.begun
        }
        let known = try await store.credentials().map(KnownToken.init)
        snapshot.withLock { snapshot in
            guard turn > snapshot.taken else { return }
            snapshot.taken = turn
            snapshot.known = known
        }
    }

    /// Sees changes of other processes on the same store within `interval`, until it is cancelled.
    ///
    /// While the store does not answer, what was last read goes on to hold.
    /// - Parameter report: Called when reading fails, and `nil` when it works again.
    package func follow(every interval: Duration, report: @Sendable ((any Error)?) -> Void = { _ in }) async {
        var isFailing = false
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            guard !Task.isCancelled else { return }
            do {
                try await refresh()
                if isFailing { report(nil) }
                isFailing = false
            } catch {
                if !isFailing { report(error) }
                isFailing = true
            }
        }
    }
}

private struct Snapshot: Sendable {
    var known: [KnownToken]
    /// How many readings of the store have begun, and the number of the newest one that was taken up.
    var begun = 0
    var taken = 0
}

private struct KnownToken: Sendable {
    let hash: TokenHash
    let principal: Principal
    let expiresAt: Timestamp?

    init(_ credential: Credential) {
        hash = TokenHash(credential.tokenDigest)
        principal = Principal(credential)
        expiresAt = credential.expiresAt
    }
}
