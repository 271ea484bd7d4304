// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where token hashes are kept. Every conforming type passes `CredentialStoreContract`.
package protocol CredentialStore: Sendable {
    /// Remembers a token by its hash; the same hash again changes nothing.
    func insert(_ credential: Credential) async throws
    /// In no particular order.
    func credentials() async throws -> [Credential]
    /// Forgets a token; one that is not known is no mistake.
    func remove(_ tokenDigest: Digest) async throws
}

/// A token that is known here: never the token, only its hash.
package struct Credential: Sendable, Hashable {
    /// What a bearer may do; each role includes the ones before it.
    package enum Role: String, Sendable, CaseIterable, Comparable {
        case predictor, viewer, administrator

        package static func < (left: Role, right: Role) -> Bool {
            (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
        }
    }

    /// SHA-256 of the token. Tokens are 256 random bits, so a slow hash would add nothing.
    package let tokenDigest: Digest
    package let principal: String
    package let role: Role
    /// The endpoint the token is for; `nil` for all.
    package let scope: EndpointName?
    package let createdAt: Timestamp

    package init(tokenDigest: Digest, principal: String, role: Role, scope: EndpointName?, createdAt: Timestamp) {
        self.tokenDigest = tokenDigest
        self.principal = principal
        self.role = role
        self.scope = scope
        self.createdAt = createdAt
    }
}
