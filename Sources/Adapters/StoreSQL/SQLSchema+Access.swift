// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// Tokens with several roles, confined to a project and to endpoints; and the standard project, which is always
    /// there.
    ///
    /// The administrator's token keeps working. A viewer of old could predict as well, and goes on to: it becomes a
    /// viewer and a predictor, since a viewer of today cannot. Endpoints have one name on the whole server, so that a
    /// token for one of them needs no project.
    static let access = SQLSchema.Migration(
        number: 3,
        statements: [
            """
            CREATE TABLE token (
                digest TEXT NOT NULL PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                principal TEXT NOT NULL,
                roles TEXT NOT NULL,
                project TEXT,
                note TEXT,
                created_at INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                expires_at INTEGER
            ) STRICT
            """,
            """
            CREATE TABLE token_endpoint (
                digest TEXT NOT NULL REFERENCES token (digest),
                endpoint TEXT NOT NULL,
                PRIMARY KEY (digest, endpoint)
            ) STRICT
            """,
            """
            INSERT INTO token (digest, id, principal, roles, created_at, created_by)
            SELECT token_digest, substr(token_digest, 1, 12), principal,
                CASE role WHEN 'administrator' THEN 'admin' WHEN 'viewer' THEN 'viewer,predictor' ELSE role END,
                created_at, 'administrator'
            FROM credential
            """,
            """
            INSERT INTO token_endpoint (digest, endpoint)
            SELECT token_digest, scope FROM credential WHERE scope IS NOT NULL
            """,
            "DROP TABLE credential",
            """
            INSERT INTO project (name, created_at)
            SELECT 'default', applied_at FROM schema_migration
            WHERE number = 1 AND NOT EXISTS (SELECT 1 FROM project WHERE name = 'default')
            """,
        ])
}
