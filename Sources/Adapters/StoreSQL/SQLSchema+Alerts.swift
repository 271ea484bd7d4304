// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// Alerts, silences, destinations, what is on its way there, and what the servers say of themselves. The last two are
    /// about this place, and travel in no backup: what came back from one would be told again.
    static let alerts = SQLSchema.Migration(
        number: 8,
        statements: [
            """
            CREATE TABLE alert (
                number INTEGER NOT NULL PRIMARY KEY,
                alert_key TEXT NOT NULL,
                project TEXT,
                severity TEXT NOT NULL,
                summary TEXT NOT NULL,
                evidence TEXT NOT NULL,
                normal TEXT NOT NULL,
                next_command TEXT NOT NULL,
                opened_at INTEGER NOT NULL,
                escalated_at INTEGER,
                resolved_at INTEGER,
                is_told INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE UNIQUE INDEX alert_open ON alert (alert_key) WHERE resolved_at IS NULL",
            """
            CREATE TABLE alert_silence (
                number INTEGER NOT NULL PRIMARY KEY,
                pattern TEXT NOT NULL,
                until_time INTEGER NOT NULL,
                reason TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                ended_at INTEGER
            ) STRICT
            """,
            """
            CREATE TABLE alert_destination (
                name TEXT NOT NULL PRIMARY KEY,
                kind TEXT NOT NULL,
                address TEXT NOT NULL,
                secret TEXT,
                mail TEXT,
                created_at INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                delivered_at INTEGER,
                failed_at INTEGER,
                problem TEXT,
                given_up INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE alert_notice (
                position INTEGER NOT NULL PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                destination TEXT NOT NULL,
                event TEXT NOT NULL,
                alert TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                attempts INTEGER NOT NULL,
                due_at INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX alert_notice_by_destination ON alert_notice (destination, position)",
            """
            CREATE TABLE alert_signal (
                replica TEXT NOT NULL PRIMARY KEY,
                signals TEXT NOT NULL
            ) STRICT
            """,
        ])
}
