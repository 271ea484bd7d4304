// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// Versions of data: what names them; their contents are elsewhere.
    static let datasets = SQLSchema.Migration(
        number: 6,
        statements: [
            """
            CREATE TABLE dataset_version (
                project TEXT NOT NULL REFERENCES project (name),
                dataset TEXT NOT NULL,
                number INTEGER NOT NULL CHECK (number > 0),
                data TEXT NOT NULL,
                manifest TEXT NOT NULL,
                byte_count INTEGER NOT NULL,
                row_count INTEGER NOT NULL,
                new_byte_count INTEGER NOT NULL,
                is_kept INTEGER NOT NULL,
                note TEXT,
                created_at INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                PRIMARY KEY (project, dataset, number)
            ) STRICT
            """,
            "CREATE INDEX dataset_version_by_data ON dataset_version (data)",
        ])
}
