// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A token as `GET /v1/tokens` lists it: what it may do, and never the token.
package struct TokenV1: Codable, Sendable, Equatable {
    /// The first 12 digits of the token's hash.
    package let id: String
    package let principal: String
    package let roles: [String]
    /// Absent for a token for all projects.
    package let project: String?
    /// Absent for a token that is not confined to endpoints.
    package let endpoints: [String]?
    package let note: String?
    /// RFC 3339.
    package let createdAt: String
    package let createdBy: String
    /// From when on it is refused; absent for a token without an end.
    package let expiresAt: String?
    package let expired: Bool

    package init(
        id: TokenID, principal: PrincipalName, roles: [Role], project: ProjectName?, endpoints: [EndpointName]?,
        note: String?, createdAt: Timestamp, createdBy: String, expiresAt: Timestamp?, expired: Bool
    ) {
        self.id = id.rawValue
        self.principal = principal.rawValue
        self.roles = roles.map(\.rawValue)
        self.project = project?.rawValue
        self.endpoints = endpoints?.map(\.rawValue)
        self.note = note
        self.createdAt = createdAt.text
        self.createdBy = createdBy
        self.expiresAt = expiresAt?.text
        self.expired = expired
    }
}

/// What making or rotating a token answers: the only time that the token is told.
package struct IssuedTokenV1: Codable, Sendable, Equatable {
    /// What its bearer shows. Nobody can tell it again.
    package let token: String
    package let record: TokenV1

    package init(token: String, record: TokenV1) {
        self.token = token
        self.record = record
    }
}

/// `POST /v1/tokens`.
package struct CreateTokenV1: Codable, Sendable, Equatable {
    package let principal: String
    /// `viewer`, `predictor`, `developer`, `approver`, `admin`.
    package let roles: [String]
    package let project: String?
    package let endpoints: [String]?
    /// How long it holds, as people write it: `90d`.
    package let expiresIn: String?
    package let note: String?

    package init(
        principal: String, roles: [String], project: String?, endpoints: [String]?, expiresIn: String?, note: String?
    ) {
        self.principal = principal
        self.roles = roles
        self.project = project
        self.endpoints = endpoints
        self.expiresIn = expiresIn
        self.note = note
    }
}

/// `POST /v1/tokens/{id}/rotation`.
package struct RotateTokenV1: Codable, Sendable, Equatable {
    /// How long the old token holds on, as people write it: `1h`; it ends at once without it.
    package let grace: String?

    package init(grace: String?) { self.grace = grace }
}
