// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelRegistry
internal import Synchronization

extension TokenAuthority {
    /// The principal whose token the first start makes. Nobody else can be called so.
    package static let administrator = PrincipalName(trusted: "administrator")

    /// Sees to it that the administrator has exactly one token in this data folder: `existing` where there is one, else a
    /// new one.
    ///
    /// An older one ends here, so that replacing the file replaces the token. Those of servers with data folders of their
    /// own stay; several may have been given the same one.
    /// - Parameter existing: What the token file holds, if there is one; space around it does not count.
    /// - Throws: `SYS-008` when `existing` is too short to be a secret, or no plain text.
    package func ensureAdministratorToken(existing: String?) async throws -> (token: String, isNew: Bool) {
        let given = existing.map { $0.trimmingWhitespace }.flatMap { $0.isEmpty ? nil : $0 }
        if let given { try checkGivenToken(given) }
        let token = given ?? newToken()
        let digest = Digest(of: token.utf8)
        try await change(by: Self.administrator.rawValue, reason: "the token file of the data folder") {
            [place] transaction, log in
            var isThere = false
            for old in try transaction.credentials()
            where old.principal == Self.administrator || old.tokenDigest == digest {
                if let place, old.isOfAdministrator, old.tokenDigest != digest, !place.isNamed(in: old.note) {
                    continue
                } else if old.isOfAdministrator, old.tokenDigest == digest, old.note != nil || place == nil {
                    isThere = true
                } else {
                    try transaction.remove(old.tokenDigest)
                    try log.append("token.revoke", "token/\(old.id)", before: old.line)
                }
            }
            guard !isThere else { return }
            let credential = Credential(
                tokenDigest: digest, principal: Self.administrator, roles: [.admin], note: place?.note,
                createdAt: log.time,
                createdBy: Self.administrator.rawValue)
            try transaction.insert(credential)
            try log.append("token.create", "token/\(credential.id)", after: credential.line)
        }
        ownToken.withLock { $0 = digest }
        return (token, given == nil)
    }
}

/// A data folder, as the note of its administrator's token names it.
package struct TokenPlace: Sendable {
    /// Its own, which no other has.
    let name: String
    /// Where it is, for people.
    let label: String

    package init(name: String, label: String) {
        self.name = name
        self.label = label
    }

    var note: String { "\(label.prefix(120)) (data folder \(name))" }

    func isNamed(in note: String?) -> Bool { note?.hasSuffix("(data folder \(name))") ?? false }
}

extension Credential {
    fileprivate var isOfAdministrator: Bool {
        principal == TokenAuthority.administrator && roles == [.admin] && scope.isAll && expiresAt == nil
    }
}
