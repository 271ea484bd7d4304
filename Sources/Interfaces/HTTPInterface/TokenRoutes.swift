// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import WireTypes

/// `/v1/tokens`: who may do what.
///
/// What a token that is confined to a project may do here is for the authority to say: it makes, sees and ends tokens
/// that reach no further than itself.
struct TokenRoutes: Sendable {
    let authority: TokenAuthority

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/tokens", needs: .administer, of: .common, "The tokens that there are, oldest first.",
                gives: [TokenV1].self, use: list),
            AdministrationRoute(
                .post, "/v1/tokens", needs: .administer, of: .common, "Make a token, which is told this once.",
                takes: CreateTokenV1.self, gives: IssuedTokenV1.self, status: 201, use: create),
            AdministrationRoute(
                .delete, "/v1/tokens/:token", needs: .administer, of: .common, "End a token.", status: 204,
                use: revoke),
            AdministrationRoute(
                .post, "/v1/tokens/:token/rotation", needs: .administer, of: .common,
                "Make another token with the same rights, and end the old one.", takes: RotateTokenV1.self,
                gives: IssuedTokenV1.self, status: 201, use: rotate),
        ]
    }

    /// `GET /v1/tokens` → `[TokenV1]`.
    @Sendable private func list(_: Request, _ context: AdministrationContext) async throws -> Response {
        let credentials = try await authority.credentials(for: context.principal())
        return try .json(credentials.map(wire))
    }

    /// `POST /v1/tokens`, `CreateTokenV1` → `IssuedTokenV1`; problem `IN-006` or `IN-010` for what cannot be a token.
    @Sendable private func create(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let order = try order(try await request.decoded(as: CreateTokenV1.self))
        return try answer(try await authority.create(order, by: context.principal()))
    }

    /// `DELETE /v1/tokens/{token}` → nothing, or problem `ACC-004` or `ACC-005`.
    @Sendable private func revoke(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await authority.revoke(tokenID(context), by: context.principal())
        return Response(status: .noContent)
    }

    /// `POST /v1/tokens/{token}/rotation`, `RotateTokenV1` or nothing → `IssuedTokenV1`; problem `ACC-004`
    /// or `ACC-005`.
    @Sendable private func rotate(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let body = try await request.decodedIfPresent(as: RotateTokenV1.self)
        let grace = try lifetime(body?.grace, "grace")
        return try answer(
            try await authority.rotate(tokenID(context), grace: grace, by: context.principal()))
    }

    private func answer(_ issued: IssuedToken) throws -> Response {
        var response = try Response.json(
            IssuedTokenV1(token: issued.text, record: wire(issued.credential)), status: .created)
        // It is told once, and not kept by anything in between.
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func wire(_ credential: Credential) -> TokenV1 {
        TokenV1(
            id: credential.id, principal: credential.principal, roles: credential.roles,
            project: credential.scope.project, endpoints: credential.scope.endpoints, note: credential.note,
            createdAt: credential.createdAt, createdBy: credential.createdBy, expiresAt: credential.expiresAt,
            expired: authority.isExpired(credential))
    }
}

// None of these is inlined into an `async` function: see `AdministrationContext.name(_:as:)`.

@inline(never)
private func tokenID(_ context: AdministrationContext) throws -> TokenID {
    let text = try context.parameters.require("token")
    guard let id = TokenID(text) else {
        throw Refusal(
            // Not repeated: somebody may have put the token itself there.
            .tokenNotFound, .notFound, "What stands in the path is no token's id.",
            hint: "It is \(TokenID.digitCount) digits and letters from a to f: see `slipway token list`.")
    }
    return id
}

@inline(never)
private func order(_ body: CreateTokenV1) throws -> TokenOrder {
    TokenOrder(
        principal: try PrincipalName(body.principal), roles: try [Role](listed: body.roles.joined(separator: ",")),
        scope: Scope(
            project: try body.project.map { try ProjectName($0) },
            endpoints: try body.endpoints?.map { try EndpointName($0) }),
        lifetime: try lifetime(body.expiresIn, "expiresIn"), note: body.note)
}

@inline(never)
private func lifetime(_ text: String?, _ field: String) throws -> Lifetime? {
    guard let text else { return nil }
    guard let lifetime = Lifetime(text) else {
        throw Refusal(
            .outOfRange, .invalidInput, "“\(field)” is “\(text.prefix(40))”.", hint: "Write it as \(Lifetime.form).",
            details: [.init("field", field)])
    }
    return lifetime
}
