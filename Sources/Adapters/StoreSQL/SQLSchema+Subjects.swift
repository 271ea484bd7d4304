// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// Keys of those whom predictions are about, and what the platform hashes with; neither leaves in a backup. Labels say
    /// whom their rows are about, so that they go with the key.
    static let subjects = SQLSchema.Migration(
        number: 11,
        statements: [
            """
            CREATE TABLE subject_key (
                project TEXT NOT NULL,
                subject TEXT NOT NULL,
                reference TEXT NOT NULL UNIQUE,
                secret BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (project, subject)
            ) STRICT
            """,
            """
            CREATE TABLE platform_secret (
                name TEXT NOT NULL PRIMARY KEY,
                secret BLOB NOT NULL
            ) STRICT
            """,
            "ALTER TABLE label_row ADD COLUMN subject TEXT",
            "CREATE INDEX label_row_by_subject ON label_row (subject)",
        ])
}
