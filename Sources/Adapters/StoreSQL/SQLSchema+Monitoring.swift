// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// Counts of the traffic of versions, and what the windows of it said.
    static let monitoring = SQLSchema.Migration(
        number: 9,
        statements: [
            """
            CREATE TABLE monitor_version (
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                bundle TEXT NOT NULL,
                baseline TEXT NOT NULL,
                fingerprint TEXT NOT NULL,
                watch TEXT,
                window_start INTEGER NOT NULL,
                window_pane BLOB,
                window_count INTEGER NOT NULL,
                since INTEGER NOT NULL,
                seen_at INTEGER NOT NULL,
                PRIMARY KEY (project, endpoint, bundle)
            ) STRICT
            """,
            """
            CREATE TABLE monitor_window (
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                bundle TEXT NOT NULL,
                number INTEGER NOT NULL,
                start_time INTEGER NOT NULL,
                end_time INTEGER NOT NULL,
                pane BLOB NOT NULL,
                verdict TEXT NOT NULL,
                PRIMARY KEY (project, endpoint, bundle, number)
            ) STRICT
            """,
            """
            CREATE TABLE monitor_pane (
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                bundle TEXT NOT NULL,
                length TEXT NOT NULL,
                start_time INTEGER NOT NULL,
                pane BLOB NOT NULL,
                PRIMARY KEY (project, endpoint, bundle, length, start_time)
            ) STRICT
            """,
        ])
}

extension SQLSchema {
    static let monitorTables = ["monitor_pane", "monitor_window", "monitor_version"]
}
