// SPDX-License-Identifier: Apache-2.0
package import AccessControl
package import ModelDomain

/// Token hashes in a SQL database.
package struct SQLCredentialStore: CredentialStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func insert(_ credential: Credential) async throws {
        try await database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO credential (token_digest, principal, role, scope, created_at)
                VALUES (:digest, :principal, :role, :scope, :time) ON CONFLICT (token_digest) DO NOTHING
                """,
                [
                    "digest": SQLValue(credential.tokenDigest), "principal": .text(credential.principal),
                    "role": .text(credential.role.rawValue), "scope": SQLValue(credential.scope?.rawValue),
                    "time": SQLValue(credential.createdAt),
                ])
        }
    }

    package func credentials() async throws -> [Credential] {
        try await database.read { transaction in
            try transaction.rows("SELECT token_digest, principal, role, scope, created_at FROM credential").map { row in
                Credential(
                    tokenDigest: try row.digest("token_digest"), principal: try row.text("principal"),
                    role: try row.required(Credential.Role(rawValue: try row.text("role")), "role"),
                    scope: try row.optionalText("scope").map {
                        try row.required(EndpointName(rawValue: $0), "scope")
                    },
                    createdAt: try row.time("created_at"))
            }
        }
    }

    package func remove(_ tokenDigest: Digest) async throws {
        try await database.write { transaction in
            try transaction.execute(
                "DELETE FROM credential WHERE token_digest = :digest", ["digest": SQLValue(tokenDigest)])
        }
    }
}
