// SPDX-License-Identifier: Apache-2.0
package import AccessControl
internal import ModelDomain

/// Hashes of tokens in a SQL database, in the same one as the ledger.
package struct SQLCredentialStore: CredentialStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func credentials() async throws -> [Credential] {
        try await database.read { try SQLRegistryTransaction(transaction: $0).credentials() }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any CredentialWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLRegistryTransaction(transaction: $0)) }
    }
}

extension SQLRegistryTransaction: CredentialWriting {
    func credentials() throws -> [Credential] {
        let endpoints = Dictionary(
            grouping: try transaction.rows("SELECT digest, endpoint FROM token_endpoint"), by: { $0["digest"] })
        return try transaction.rows(
            "SELECT digest, principal, roles, project, note, created_at, created_by, expires_at FROM token"
        ).map { row in try Credential(row, endpoints: endpoints[row["digest"]]) }
    }

    func insert(_ credential: Credential) throws {
        let digest = SQLValue(credential.tokenDigest)
        try transaction.execute(
            """
            INSERT INTO token (digest, id, principal, roles, project, note, created_at, created_by, expires_at)
            VALUES (:digest, :id, :principal, :roles, :project, :note, :time, :maker, :end)
            """,
            [
                "digest": digest, "id": .text(credential.id.rawValue), "principal": SQLValue(credential.principal),
                "roles": .text(credential.roles.listed), "project": SQLValue(credential.scope.project?.rawValue),
                "note": SQLValue(credential.note), "time": SQLValue(credential.createdAt),
                "maker": .text(credential.createdBy),
                "end": credential.expiresAt.map { SQLValue($0) } ?? .null,
            ])
        for endpoint in credential.scope.endpoints ?? [] {
            try transaction.execute(
                "INSERT INTO token_endpoint (digest, endpoint) VALUES (:digest, :endpoint)",
                ["digest": digest, "endpoint": SQLValue(endpoint)])
        }
    }

    func setExpiry(_ time: Timestamp, of tokenDigest: Digest) throws {
        try transaction.execute(
            "UPDATE token SET expires_at = :end WHERE digest = :digest",
            ["end": SQLValue(time), "digest": SQLValue(tokenDigest)])
    }

    func remove(_ tokenDigest: Digest) throws {
        for table in ["token_endpoint", "token"] {
            try transaction.execute(
                "DELETE FROM \(table) WHERE digest = :digest", ["digest": SQLValue(tokenDigest)])
        }
    }
}

extension Credential {
    /// - Parameter endpoints: Rows with `endpoint`; `nil` for a token that is not confined to any.
    fileprivate init(_ row: SQLRow, endpoints: [SQLRow]?) throws {
        let project: ProjectName? = try row.optionalText("project") == nil ? nil : row.name("project")
        self.init(
            tokenDigest: try row.digest("digest"), principal: try row.name("principal"),
            roles: try row.required(try? [Role](listed: row.text("roles")), "roles"),
            scope: Scope(project: project, endpoints: try endpoints?.map { try $0.name("endpoint") }),
            note: try row.optionalText("note"), createdAt: try row.time("created_at"),
            createdBy: try row.text("created_by"),
            expiresAt: try row.optionalInteger("expires_at").map { Timestamp(microseconds: Int64($0)) })
    }
}
