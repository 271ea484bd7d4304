// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Synchronization

/// Who a request comes from, once its token was accepted.
package struct Principal: Sendable, Hashable {
    package let name: String
    package let role: Credential.Role
    /// The one endpoint they may use; `nil` for all.
    package let scope: EndpointName?
}

/// Makes tokens, and decides what their bearers may do.
///
/// A token itself is nowhere kept: the store has its SHA-256, and so has the snapshot in memory that
/// ``authorize(_:needs:endpoint:)`` looks at, so that a request waits for no store.
package final class TokenAuthority: Sendable {
    /// The principal whose token the first start makes.
    package static let administrator = "administrator"
    /// Longer texts are none of our tokens, and are not even hashed.
    private static let longestToken = 512
    private static let shortestGivenToken = 16

    private let store: any CredentialStore
    private let now: @Sendable () -> Timestamp
    private let known: Mutex<[KnownToken]>

    /// Reads the credentials that are there.
    package init(store: any CredentialStore, now: @escaping @Sendable () -> Timestamp) async throws {
        self.store = store
        self.now = now
        known = Mutex(try await store.credentials().map(KnownToken.init))
    }

    /// Makes a token for a principal. It is told once: only its hash is kept.
    package func makeToken(
        for principal: String, role: Credential.Role, scope: EndpointName? = nil
    ) async throws -> String {
        let token = newToken()
        try await remember(token, of: principal, role: role, scope: scope)
        return token
    }

    /// Sees to it that the administrator has exactly one token: `existing` where there is one, else a new one.
    ///
    /// An older token of the administrator ends here, so that replacing the file replaces the token.
    /// - Parameter existing: What the token file holds, if there is one; space around it does not count.
    /// - Throws: `SYS-008` when `existing` is too short to be a secret, or no plain text.
    package func ensureAdministratorToken(existing: String?) async throws -> (token: String, isNew: Bool) {
        let given = existing.map { $0.trimmingWhitespace }.flatMap { $0.isEmpty ? nil : $0 }
        if let given { try checkGivenToken(given) }
        let token = given ?? newToken()
        let digest = Digest(of: token.utf8)
        for old in try await store.credentials() where old.principal == Self.administrator && old.tokenDigest != digest
        {
            try await store.remove(old.tokenDigest)
        }
        try await remember(token, of: Self.administrator, role: .administrator, scope: nil)
        return (token, given == nil)
    }

    /// Whether the bearer of `token` may do what `role` may, for `endpoint` where it is about one.
    ///
    /// The time this takes says nothing about the tokens that are known: hashes are compared, every one, to the end.
    /// - Throws: `ACC-001` without a token; `ACC-002` for one that is not known or not for this.
    package func authorize(
        _ token: String?, needs role: Credential.Role, endpoint: EndpointName? = nil
    ) throws(AccessDenial) -> Principal {
        guard let token, !token.isEmpty else { throw .tokenMissing }
        guard token.utf8.count <= Self.longestToken else { throw .tokenUnknown }
        let digest = Digest(of: token.utf8).bytes
        let found = known.withLock { known in
            known.reduce(into: Principal?.none) { found, candidate in
                if isEqual(candidate.digest, digest) { found = candidate.principal }
            }
        }
        guard let principal = found else { throw .tokenUnknown }
        guard principal.role >= role else { throw .notPermitted(principal: principal.name, needs: role) }
        if let scope = principal.scope, scope != endpoint { throw .otherEndpoint(principal: principal.name) }
        return principal
    }

    private func remember(
        _ token: String, of principal: String, role: Credential.Role, scope: EndpointName?
    ) async throws {
        try await store.insert(
            Credential(
                tokenDigest: Digest(of: token.utf8), principal: principal, role: role, scope: scope, createdAt: now()))
        let credentials = try await store.credentials().map(KnownToken.init)
        known.withLock { $0 = credentials }
    }

    private func checkGivenToken(_ token: String) throws(Refusal) {
        let count = token.utf8.count
        guard (Self.shortestGivenToken...Self.longestToken).contains(count),
            token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Refusal(
                .optionRefused, .invalidInput, "The token file holds no usable token.",
                hint: "Put \(Self.shortestGivenToken) to \(Self.longestToken) letters, digits or signs into it, on one "
                    + "line, or remove it: the next start makes a token.")
        }
    }
}

/// The token of an `Authorization` header, or `nil` when it is of another scheme or none.
package func bearerToken(inHeader value: String?) -> String? {
    guard let value, value.utf8.count > 7, value.prefix(7).lowercased() == "bearer " else { return nil }
    return value.dropFirst(7).trimmingWhitespace
}

private struct KnownToken: Sendable {
    let digest: [UInt8]
    let principal: Principal

    init(_ credential: Credential) {
        digest = credential.tokenDigest.bytes
        principal = Principal(name: credential.principal, role: credential.role, scope: credential.scope)
    }
}

/// `slp_` and 32 random bytes in base64url: 256 bits, so that guessing is no question and a plain hash is enough.
private func newToken() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var generator = SystemRandomNumberGenerator()  // The kernel's, fit for secrets.
    let random = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    var text = Array("slp_".utf8)
    for start in stride(from: 0, to: random.count, by: 3) {
        let chunk = random[start..<min(start + 3, random.count)]
        let bits = chunk.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - chunk.count))
        for position in 0...chunk.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * position) & 63)]) }
    }
    return String(decoding: text, as: UTF8.self)
}

/// Looks at every byte, whatever it finds.
private func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}

extension StringProtocol {
    fileprivate var trimmingWhitespace: String {
        String(String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace)).reversed())
    }
}
