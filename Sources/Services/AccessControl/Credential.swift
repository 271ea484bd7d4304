// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A token that is known here: never the token, only its hash.
package struct Credential: Sendable, Hashable {
    /// SHA-256 of the token. Tokens are 256 random bits, so a slow hash would add nothing.
    package let tokenDigest: Digest
    package let principal: PrincipalName
    /// In the order of ``Role``, each once, at least one.
    package let roles: [Role]
    package let scope: Scope
    /// What people wrote down about it.
    package let note: String?
    package let createdAt: Timestamp
    /// The principal who made it.
    package let createdBy: String
    /// From when on it is refused; `nil` for never.
    package let expiresAt: Timestamp?

    package init(
        tokenDigest: Digest, principal: PrincipalName, roles: [Role], scope: Scope = .all, note: String? = nil,
        createdAt: Timestamp, createdBy: String, expiresAt: Timestamp? = nil
    ) {
        self.tokenDigest = tokenDigest
        self.principal = principal
        self.roles = Role.allCases.filter(roles.contains)
        self.scope = scope
        self.note = note
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
    }

    package var id: TokenID { TokenID(of: tokenDigest) }

    package func isExpired(at time: Timestamp) -> Bool { expiresAt.map { $0 <= time } ?? false }

    /// The same with another end.
    func expiring(at time: Timestamp) -> Credential {
        Credential(
            tokenDigest: tokenDigest, principal: principal, roles: roles, scope: scope, note: note,
            createdAt: createdAt, createdBy: createdBy, expiresAt: time)
    }

    /// What it allows, as the ledger keeps it: `principal=ada roles=developer project=growth`. What it has not is left
    /// out.
    var line: String {
        let members: [(name: String, value: String?)] = [
            ("principal", principal.rawValue), ("roles", roles.listed), ("project", scope.project?.rawValue),
            ("endpoints", scope.endpoints.map { $0.map(\.rawValue).joined(separator: ",") }),
            ("expires", expiresAt?.text),
        ]
        return members.compactMap { member in member.value.map { "\(member.name)=\($0)" } }.joined(separator: " ")
    }
}
