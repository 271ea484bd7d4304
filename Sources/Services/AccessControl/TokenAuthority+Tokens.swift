// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelRegistry
internal import Synchronization

/// What a token shall be.
package struct TokenOrder: Sendable {
    package let principal: PrincipalName
    package let roles: [Role]
    package let scope: Scope
    /// How long it holds; `nil` for as long as nobody revokes it.
    package let lifetime: Lifetime?
    package let note: String?

    package init(
        principal: PrincipalName, roles: [Role], scope: Scope = .all, lifetime: Lifetime? = nil, note: String? = nil
    ) {
        self.principal = principal
        self.roles = roles
        self.scope = scope
        self.lifetime = lifetime
        self.note = note
    }
}

/// A token that was made just now. It is told once: only its hash is kept.
package struct IssuedToken: Sendable {
    package let text: String
    package let credential: Credential
}

/// Making, listing, revoking and replacing tokens. A token never makes, shows or ends one that could reach further than
/// itself.
extension TokenAuthority {
    /// Tokens that expired this long ago, 30 days in microseconds, are forgotten when somebody next changes any.
    private static let keptAfterExpiry: Int64 = 30 * 86_400 * 1_000_000

    /// Those that `principal` may see, oldest first.
    ///
    /// - Throws: `ACC-002` for whoever does not administer.
    package func credentials(for principal: Principal) async throws -> [Credential] {
        try principal.require(.administer, of: .common)
        return try await store.credentials().filter { principal.scope.contains($0.scope) }
            .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    /// Whether a token has had its time by now.
    package func isExpired(_ credential: Credential) -> Bool { credential.isExpired(at: now()) }

    /// - Throws: `ACC-002` for whoever may not make such a token, `ACC-005` for the name of the data folder's own
    ///   token, `IN-010` for roles that mean nothing at endpoints, `IN-008` for a note that cannot be kept.
    package func create(_ order: TokenOrder, by maker: Principal) async throws -> IssuedToken {
        try maker.require(.administer, of: .common)
        guard maker.scope.contains(order.scope) else {
            throw AccessDenial.widerToken(principal: maker.name, scope: maker.scope)
        }
        try check(order)
        let text = newToken()
        let credential = try await change(by: maker.name.rawValue) { transaction, log in
            let credential = Credential(
                tokenDigest: Digest(of: text.utf8), principal: order.principal, roles: order.roles,
                scope: order.scope, note: order.note, createdAt: log.time, createdBy: maker.name.rawValue,
                expiresAt: order.lifetime.map(log.time.after))
            try transaction.insert(credential)
            try log.append("token.create", tokenPath(credential), after: credential.line)
            return credential
        }
        return IssuedToken(text: text, credential: credential)
    }

    /// Ends a token: the next request with it is refused.
    ///
    /// - Throws: `ACC-002` for whoever does not administer, `ACC-004` for an id that no token has which they may see,
    ///   `ACC-005` for the data folder's own token; that of another data folder is revoked like any.
    package func revoke(_ id: TokenID, by principal: Principal) async throws {
        try principal.require(.administer, of: .common)
        let own = place == nil ? nil : ownToken.withLock(\.self)
        try await change(by: principal.name.rawValue) { transaction, log in
            let credential = try transaction.credential(id, for: principal, besides: own)
            try transaction.remove(credential.tokenDigest)
            try log.append("token.revoke", tokenPath(credential), before: credential.line)
        }
    }

    /// Makes another token with the rights of one that is there, which ends at once, or after `grace`.
    ///
    /// The new one holds as long from now on as the old one was made to.
    /// - Throws: As ``revoke(_:by:)``.
    package func rotate(_ id: TokenID, grace: Lifetime?, by principal: Principal) async throws -> IssuedToken {
        try principal.require(.administer, of: .common)
        let text = newToken()
        let credential = try await change(by: principal.name.rawValue) { transaction, log in
            let old = try transaction.credential(id, for: principal)
            let lifetime = old.expiresAt.map { $0.microseconds - old.createdAt.microseconds }
            let new = Credential(
                tokenDigest: Digest(of: text.utf8), principal: old.principal, roles: old.roles, scope: old.scope,
                note: old.note, createdAt: log.time, createdBy: principal.name.rawValue,
                expiresAt: lifetime.map { Timestamp(microseconds: log.time.microseconds + $0) })
            try transaction.insert(new)
            var before = old.line
            if let grace {
                // Grace never makes a token live longer.
                let end = min(old.expiresAt ?? log.time.after(grace), log.time.after(grace))
                try transaction.setExpiry(end, of: old.tokenDigest)
                before = old.expiring(at: end).line
            } else {
                try transaction.remove(old.tokenDigest)
            }
            try log.append("token.rotate", tokenPath(old), before: before, after: "token=\(new.id) \(new.line)")
            return new
        }
        return IssuedToken(text: text, credential: credential)
    }

    /// Runs `body` in one transaction, with a ledger that writes in the same one, and has it hold from then on.
    func change<Result: Sendable>(
        by actor: String, reason: String? = nil,
        _ body: @escaping @Sendable (any CredentialWriting, LedgerWriter) throws -> Result
    ) async throws -> Result {
        let result = try await store.write { [now] transaction in
            let log = try LedgerWriter(transaction, by: actor, reason: reason, at: now())
            for credential in try transaction.credentials() {
                guard let end = credential.expiresAt,
                    end.microseconds < log.time.microseconds - Self.keptAfterExpiry
                else { continue }
                // Nothing is changed by it, and the ledger has said when it would end.
                try transaction.remove(credential.tokenDigest)
            }
            return try body(transaction, log)
        }
        try await refresh()
        return result
    }

    private func check(_ order: TokenOrder) throws {
        guard order.principal != Self.administrator else { throw fixed("made") }
        guard !order.roles.isEmpty else {
            throw Refusal(
                .missingValue, .invalidInput, "The token has no role.",
                hint: "Roles are \(Role.allCases.map(\.rawValue).joined(separator: ", ")).",
                details: [.init("field", "roles")])
        }
        let atEndpoints: Permission = [.view, .predict, .decide]
        if order.scope.endpoints != nil, let role = order.roles.first(where: { !atEndpoints.contains($0.permissions) })
        {
            throw Refusal(
                .unsupportedOption, .invalidInput,
                "A token for single endpoints cannot be of the role \(role.rawValue).",
                hint:
                    "Endpoints have viewers, predictors and approvers: choose one of these, or leave the endpoints out.",
                details: [.init("field", "endpoints")])
        }
        if let note = order.note { try checkText(note, what: "note", limit: 200) }
    }
}

private func tokenPath(_ credential: Credential) -> String { "token/\(credential.id)" }

/// Why the administrator's token is not made, revoked or rotated by anybody who asks.
private func fixed(_ verb: String) -> Refusal {
    Refusal(
        .tokenFixed, .conflict,
        "The token of \(TokenAuthority.administrator) is the data folder's own, and is not \(verb) here.",
        hint: "Stop the server, delete or rewrite the file `token` of its data folder, and start it again.")
}

extension CredentialWriting {
    /// A token that `principal` may change.
    ///
    /// - Parameter own: The administrator's token that stays; those of other data folders, which may be lost, need not. `nil`
    ///   where all of them stay.
    fileprivate func credential(
        _ id: TokenID, for principal: Principal, besides own: Digest? = nil
    ) throws -> Credential {
        guard
            let found = try credentials().first(where: { $0.id == id && principal.scope.contains($0.scope) })
        else {
            throw Refusal(
                .tokenNotFound, .notFound, "There is no token \(id).",
                hint: "`slipway token list` shows the tokens that there are.")
        }
        let isOfOthers = own != nil && found.tokenDigest != own
        guard found.principal != TokenAuthority.administrator || isOfOthers else { throw fixed("revoked or rotated") }
        return found
    }
}
