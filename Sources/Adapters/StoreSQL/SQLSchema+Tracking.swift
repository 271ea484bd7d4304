// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// Experiments, runs, logged models and their files; and what MLflow's registry says of models and versions.
    ///
    /// `_ms` are milliseconds since 1970 as clients say, `_at` our own microseconds.
    static let tracking = SQLSchema.Migration(
        number: 4,
        statements: [
            """
            CREATE TABLE experiment (
                number INTEGER NOT NULL PRIMARY KEY,
                project TEXT NOT NULL REFERENCES project (name),
                name TEXT NOT NULL,
                deleted_at INTEGER,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                UNIQUE (project, name)
            ) STRICT
            """,
            """
            CREATE TABLE experiment_tag (
                experiment INTEGER NOT NULL REFERENCES experiment (number),
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (experiment, key)
            ) STRICT
            """,
            """
            CREATE TABLE run (
                number INTEGER NOT NULL PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                experiment INTEGER NOT NULL REFERENCES experiment (number),
                name TEXT NOT NULL,
                user_name TEXT NOT NULL,
                status TEXT NOT NULL,
                started_ms INTEGER NOT NULL,
                ended_ms INTEGER,
                deleted_at INTEGER
            ) STRICT
            """,
            "CREATE INDEX run_by_start ON run (experiment, started_ms)",
            """
            CREATE TABLE run_param (
                run INTEGER NOT NULL REFERENCES run (number),
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (run, key)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE run_tag (
                run INTEGER NOT NULL REFERENCES run (number),
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (run, key)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE run_metric (
                run INTEGER NOT NULL REFERENCES run (number),
                key TEXT NOT NULL,
                metric INTEGER NOT NULL,
                points INTEGER NOT NULL,
                in_order INTEGER NOT NULL,
                value REAL NOT NULL,
                kind INTEGER NOT NULL,
                timestamp_ms INTEGER NOT NULL,
                step INTEGER NOT NULL,
                model TEXT,
                dataset_name TEXT,
                dataset_digest TEXT,
                PRIMARY KEY (run, key)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE metric_point (
                run INTEGER NOT NULL,
                metric INTEGER NOT NULL,
                position INTEGER NOT NULL,
                value REAL NOT NULL,
                kind INTEGER NOT NULL,
                timestamp_ms INTEGER NOT NULL,
                step INTEGER NOT NULL,
                model TEXT,
                dataset_name TEXT,
                dataset_digest TEXT,
                PRIMARY KEY (run, metric, position)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE dataset (
                number INTEGER NOT NULL PRIMARY KEY,
                experiment INTEGER NOT NULL REFERENCES experiment (number),
                name TEXT NOT NULL,
                digest TEXT NOT NULL,
                source_type TEXT NOT NULL,
                source TEXT NOT NULL,
                schema_text TEXT,
                profile TEXT,
                UNIQUE (experiment, name, digest)
            ) STRICT
            """,
            """
            CREATE TABLE run_dataset (
                run INTEGER NOT NULL REFERENCES run (number),
                dataset INTEGER NOT NULL REFERENCES dataset (number),
                PRIMARY KEY (run, dataset)
            ) STRICT
            """,
            """
            CREATE TABLE run_dataset_tag (
                run INTEGER NOT NULL,
                dataset INTEGER NOT NULL,
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (run, dataset, key),
                FOREIGN KEY (run, dataset) REFERENCES run_dataset (run, dataset)
            ) STRICT
            """,
            """
            CREATE TABLE run_model (
                run INTEGER NOT NULL REFERENCES run (number),
                direction TEXT NOT NULL,
                model TEXT NOT NULL,
                step INTEGER NOT NULL,
                PRIMARY KEY (run, direction, model, step)
            ) STRICT
            """,
            """
            CREATE TABLE logged_model (
                number INTEGER NOT NULL PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                experiment INTEGER NOT NULL REFERENCES experiment (number),
                name TEXT NOT NULL,
                model_type TEXT NOT NULL,
                source_run TEXT,
                status TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                deleted_at INTEGER
            ) STRICT
            """,
            "CREATE INDEX logged_model_by_time ON logged_model (experiment, created_at)",
            """
            CREATE TABLE logged_model_param (
                owner INTEGER NOT NULL REFERENCES logged_model (number),
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (owner, key)
            ) STRICT
            """,
            """
            CREATE TABLE logged_model_tag (
                owner INTEGER NOT NULL REFERENCES logged_model (number),
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (owner, key)
            ) STRICT
            """,
            """
            CREATE TABLE logged_model_metric (
                owner INTEGER NOT NULL REFERENCES logged_model (number),
                key TEXT NOT NULL,
                dataset_name TEXT NOT NULL,
                dataset_digest TEXT NOT NULL,
                run INTEGER NOT NULL REFERENCES run (number),
                value REAL NOT NULL,
                kind INTEGER NOT NULL,
                timestamp_ms INTEGER NOT NULL,
                step INTEGER NOT NULL,
                PRIMARY KEY (owner, key, dataset_name, dataset_digest, run)
            ) STRICT
            """,
            """
            CREATE TABLE artifact (
                path TEXT NOT NULL PRIMARY KEY,
                content TEXT NOT NULL,
                byte_count INTEGER NOT NULL,
                changed_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX ledger_by_object ON ledger (object, sequence)",
            "ALTER TABLE model ADD COLUMN description TEXT",
            "ALTER TABLE model ADD COLUMN updated_at INTEGER",
            "ALTER TABLE model ADD COLUMN deleted_at INTEGER",
            """
            CREATE TABLE model_tag (
                project TEXT NOT NULL,
                model TEXT NOT NULL,
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (project, model, key),
                FOREIGN KEY (project, model) REFERENCES model (project, name)
            ) STRICT
            """,
            "ALTER TABLE model_version ADD COLUMN description TEXT",
            "ALTER TABLE model_version ADD COLUMN source TEXT",
            "ALTER TABLE model_version ADD COLUMN run TEXT",
            "ALTER TABLE model_version ADD COLUMN run_link TEXT",
            "ALTER TABLE model_version ADD COLUMN logged_model TEXT",
            "ALTER TABLE model_version ADD COLUMN stage TEXT",
            "ALTER TABLE model_version ADD COLUMN updated_at INTEGER",
            "ALTER TABLE model_version ADD COLUMN deleted_at INTEGER",
            """
            CREATE TABLE version_tag (
                project TEXT NOT NULL,
                model TEXT NOT NULL,
                number INTEGER NOT NULL,
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (project, model, number, key),
                FOREIGN KEY (project, model, number) REFERENCES model_version (project, model, number)
            ) STRICT
            """,
        ])
}
