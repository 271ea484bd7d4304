// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// What turned out to be true of predictions, what it was said to be before, what waits for its prediction, and how often
    /// something else came. Predictions are in the log, which forgets them: what is needed of one is here.
    static let labels = SQLSchema.Migration(
        number: 10,
        statements: [
            """
            CREATE TABLE label_row (
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                prediction TEXT NOT NULL,
                row_index INTEGER NOT NULL,
                rows_in_all INTEGER NOT NULL,
                version INTEGER NOT NULL,
                bundle TEXT,
                business_key TEXT,
                predicted_at INTEGER NOT NULL,
                labelled_at INTEGER NOT NULL,
                truth TEXT NOT NULL,
                decided TEXT,
                score REAL,
                shares TEXT,
                corrections INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                PRIMARY KEY (project, endpoint, prediction, row_index)
            ) STRICT
            """,
            "CREATE INDEX label_row_by_time ON label_row (project, endpoint, predicted_at)",
            """
            CREATE TABLE label_former (
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                prediction TEXT NOT NULL,
                row_index INTEGER NOT NULL,
                number INTEGER NOT NULL,
                truth TEXT NOT NULL,
                labelled_at INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                replaced_at INTEGER NOT NULL,
                PRIMARY KEY (project, endpoint, prediction, row_index, number)
            ) STRICT
            """,
            """
            CREATE TABLE label_waiting (
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                target TEXT NOT NULL,
                row_index INTEGER NOT NULL,
                truth TEXT NOT NULL,
                known_at INTEGER NOT NULL,
                since INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                PRIMARY KEY (project, endpoint, target, row_index)
            ) STRICT
            """,
            """
            CREATE TABLE label_count (
                project TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                repeated INTEGER NOT NULL,
                corrected INTEGER NOT NULL,
                late INTEGER NOT NULL,
                expired INTEGER NOT NULL,
                unfit INTEGER NOT NULL,
                PRIMARY KEY (project, endpoint)
            ) STRICT
            """,
        ])
}
