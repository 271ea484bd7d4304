// SPDX-License-Identifier: Apache-2.0

extension SQLSchema {
    /// The registry's tables in SQLite: strict, so that a column holds its own type and nothing else.
    ///
    /// Times are microseconds since 1970, digests 64 hexadecimal digits, texts compare byte by byte.
    package static let sqlite = SQLSchema(
        bookkeeping: """
            CREATE TABLE IF NOT EXISTS schema_migration (
                number INTEGER NOT NULL PRIMARY KEY,
                digest TEXT NOT NULL,
                applied_at INTEGER NOT NULL
            ) STRICT
            """,
        migrations: [
            Migration(
                number: 1,
                statements: [
                    """
                    CREATE TABLE project (
                        name TEXT NOT NULL PRIMARY KEY,
                        created_at INTEGER NOT NULL
                    ) STRICT
                    """,
                    """
                    CREATE TABLE model (
                        project TEXT NOT NULL REFERENCES project (name),
                        name TEXT NOT NULL,
                        created_at INTEGER NOT NULL,
                        PRIMARY KEY (project, name)
                    ) STRICT
                    """,
                    """
                    CREATE TABLE model_version (
                        project TEXT NOT NULL,
                        model TEXT NOT NULL,
                        number INTEGER NOT NULL CHECK (number > 0),
                        bundle TEXT,
                        provenance TEXT,
                        status TEXT NOT NULL,
                        origin TEXT,
                        created_at INTEGER NOT NULL,
                        created_by TEXT NOT NULL,
                        PRIMARY KEY (project, model, number),
                        FOREIGN KEY (project, model) REFERENCES model (project, name)
                    ) STRICT
                    """,
                    """
                    CREATE TABLE model_alias (
                        project TEXT NOT NULL,
                        model TEXT NOT NULL,
                        alias TEXT NOT NULL,
                        number INTEGER NOT NULL,
                        PRIMARY KEY (project, model, alias),
                        FOREIGN KEY (project, model, number) REFERENCES model_version (project, model, number)
                    ) STRICT
                    """,
                    """
                    CREATE TABLE endpoint (
                        project TEXT NOT NULL REFERENCES project (name),
                        name TEXT NOT NULL,
                        created_at INTEGER NOT NULL,
                        PRIMARY KEY (project, name)
                    ) STRICT
                    """,
                    """
                    CREATE TABLE deployment (
                        project TEXT NOT NULL,
                        endpoint TEXT NOT NULL,
                        generation INTEGER NOT NULL CHECK (generation > 0),
                        model_project TEXT NOT NULL,
                        model TEXT NOT NULL,
                        version INTEGER NOT NULL,
                        restores INTEGER,
                        base INTEGER,
                        created_at INTEGER NOT NULL,
                        created_by TEXT NOT NULL,
                        PRIMARY KEY (project, endpoint, generation),
                        FOREIGN KEY (project, endpoint) REFERENCES endpoint (project, name),
                        FOREIGN KEY (model_project, model, version) REFERENCES model_version (project, model, number)
                    ) STRICT
                    """,
                    """
                    CREATE TABLE ledger (
                        sequence INTEGER NOT NULL PRIMARY KEY,
                        time INTEGER NOT NULL,
                        actor TEXT NOT NULL,
                        action TEXT NOT NULL,
                        object TEXT NOT NULL,
                        before TEXT,
                        after TEXT,
                        reason TEXT,
                        leaf BLOB NOT NULL,
                        chain TEXT NOT NULL
                    ) STRICT
                    """,
                    """
                    CREATE TABLE credential (
                        token_digest TEXT NOT NULL PRIMARY KEY,
                        principal TEXT NOT NULL,
                        role TEXT NOT NULL,
                        scope TEXT,
                        created_at INTEGER NOT NULL
                    ) STRICT
                    """,
                ]),
            Migration(
                number: 2,
                statements: [
                    """
                    CREATE TABLE endpoint_setting (
                        project TEXT NOT NULL,
                        endpoint TEXT NOT NULL,
                        name TEXT NOT NULL,
                        value TEXT NOT NULL,
                        PRIMARY KEY (project, endpoint, name),
                        FOREIGN KEY (project, endpoint) REFERENCES endpoint (project, name)
                    ) STRICT
                    """
                ]),
            .access,
            .tracking,
            .ledgerEvidence,
            .datasets,
            .replicas,
            .alerts, .monitoring, .labels, .subjects,
        ])
}
