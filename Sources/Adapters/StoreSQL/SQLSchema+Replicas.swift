// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// Which servers share the database, what each has, who does what alone, and which contents belong to it. All of it is
    /// about this place, and travels in no backup.
    static let replicas = SQLSchema.Migration(
        number: 7,
        statements: [
            """
            CREATE TABLE platform (
                id TEXT NOT NULL PRIMARY KEY,
                contents TEXT
            ) STRICT
            """,
            """
            CREATE TABLE replica (
                id TEXT NOT NULL PRIMARY KEY,
                number INTEGER NOT NULL UNIQUE,
                host TEXT NOT NULL,
                place TEXT NOT NULL,
                process INTEGER NOT NULL,
                version TEXT NOT NULL,
                schema_number INTEGER NOT NULL,
                url TEXT,
                started_at INTEGER NOT NULL,
                heard_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE replica_endpoint (
                replica TEXT NOT NULL REFERENCES replica (id),
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                generation INTEGER NOT NULL,
                state TEXT NOT NULL,
                answering TEXT,
                problem TEXT,
                PRIMARY KEY (replica, project, endpoint)
            ) STRICT
            """,
            """
            CREATE TABLE lease (
                work TEXT NOT NULL PRIMARY KEY,
                holder TEXT,
                token INTEGER NOT NULL,
                ends_at INTEGER NOT NULL
            ) STRICT
            """,
        ])
}

extension SQLSchema {
    /// The step of the tables from which on servers know of each other.
    package static let sharedSince = Migration.replicas.number

    /// Tables about this place and the servers that run here, and not about what the platform remembers.
    static let localTables: Set<String> = [
        "platform", "replica", "replica_endpoint", "lease", "alert_notice", "alert_signal", "subject_key",
        "platform_secret",
    ]
}
