// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
internal import ModelDomain

/// A store of MLflow's in a SQLite file, of its second and its third generation. It is read and never written to.
package struct MLflowDatabase: ForeignStore {
    private let database: ForeignSQLite
    private let tables: Set<String>

    /// - Throws: `PRJ-006` when the file is none of MLflow's; `REG-008` when it cannot be read.
    package init(at path: String) throws {
        database = try ForeignSQLite(at: path)
        // What reads as a table must be one: a view's text is somebody's program.
        let names = try database.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")
        tables = Set(try names.map { try $0.text("name") })
        guard tables.isSuperset(of: ["alembic_version", "experiments", "runs", "metrics", "params", "tags"]) else {
            throw Refusal(
                .fileMissing, .notFound, "“\(path)” has no experiments and runs of MLflow's.",
                hint: "Name the database that MLflow's backend store URI names: sqlite:///mlflow.db.")
        }
    }

    // MARK: Experiments and runs

    package func experiments() throws -> [(id: String, experiment: ForeignExperiment)] {
        try database.rows(
            """
            SELECT experiment_id, name, lifecycle_stage, creation_time, last_update_time FROM experiments
            ORDER BY experiment_id
            """
        ).map { row in
            let id = try row.integer64("experiment_id")
            let created = try row.optionalInteger64("creation_time") ?? 0
            return (
                String(id),
                ForeignExperiment(
                    name: try row.text("name"), createdAt: created,
                    updatedAt: try row.optionalInteger64("last_update_time") ?? created,
                    isDeleted: try row.optionalText("lifecycle_stage") == "deleted",
                    tags: try texts("experiment_tags", "key", "value", "experiment_id", .integer(id)))
            )
        }
    }

    package func runs(of experiment: String) throws -> [String] {
        try database.rows(
            "SELECT run_uuid FROM runs WHERE experiment_id = :id ORDER BY start_time, run_uuid",
            ["id": try number(experiment)]
        ).map { try $0.text("run_uuid") }
    }

    package func run(
        _ id: String, of experiment: String
    ) throws -> (run: ForeignRun, metrics: [String], files: String) {
        let of: [String: SQLValue] = ["id": .text(id)]
        guard
            let row = try database.rows(
                """
                SELECT name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri FROM runs
                WHERE run_uuid = :id
                """, of
            ).first
        else { throw TrackingError.unknownRun(id) }
        var run = ForeignRun(id: id)
        run.tags = try texts("tags", "key", "value", "run_uuid", .text(id))
        run.params = try texts("params", "key", "value", "run_uuid", .text(id))
        run.name = try run.tags["mlflow.runName"] ?? row.optionalText("name") ?? ""
        run.user = try row.optionalText("user_id") ?? ""
        run.status = try row.optionalText("status") ?? "RUNNING"
        run.startedAt = try row.optionalInteger64("start_time") ?? 0
        run.endedAt = try row.optionalInteger64("end_time")
        run.isDeleted = try row.optionalText("lifecycle_stage") == "deleted"
        try readInputs(into: &run)
        let metrics = try database.rows("SELECT DISTINCT key FROM metrics WHERE run_uuid = :id ORDER BY key", of)
        return (run, try metrics.map { try $0.text("key") }, try row.optionalText("artifact_uri") ?? "")
    }

    private func readInputs(into run: inout ForeignRun) throws {
        guard tables.isSuperset(of: ["inputs", "datasets", "input_tags"]) else { return }
        let of: [String: SQLValue] = ["id": .text(run.id)]
        for row in try database.rows(
            """
            SELECT inputs.input_uuid, datasets.name, datasets.digest, datasets.dataset_source_type,
                datasets.dataset_source, datasets.dataset_schema, datasets.dataset_profile
            FROM inputs JOIN datasets ON datasets.dataset_uuid = inputs.source_id
            WHERE inputs.destination_id = :id AND inputs.source_type = 'DATASET' ORDER BY inputs.rowid
            """, of)
        {
            let tags = try texts("input_tags", "name", "value", "input_uuid", .text(row.text("input_uuid")))
            run.datasets.append(
                ForeignDataset(
                    name: try row.text("name"), digest: try row.text("digest"),
                    sourceType: try row.optionalText("dataset_source_type") ?? "",
                    source: try row.optionalText("dataset_source") ?? "",
                    schema: try row.optionalText("dataset_schema"), profile: try row.optionalText("dataset_profile"),
                    tags: tags))
        }
        run.inputModels = try database.rows(
            "SELECT source_id FROM inputs WHERE destination_id = :id AND source_id LIKE 'm-%' ORDER BY rowid", of
        ).map { try $0.text("source_id") }
        run.outputModels = try database.rows(
            "SELECT * FROM inputs WHERE source_id = :id AND destination_id LIKE 'm-%' ORDER BY rowid", of
        ).map {
            ForeignOutput(model: try $0.text("destination_id"), step: try $0.optionalInteger64("step") ?? 0)
        }
    }

    package func points(of metric: String, run: String, experiment: String) throws -> [ForeignPoint] {
        try database.rows(
            """
            SELECT value, is_nan, timestamp, step FROM metrics WHERE run_uuid = :run AND key = :key
            ORDER BY timestamp, step, value
            """, ["run": .text(run), "key": .text(metric)]
        ).map(point)
    }

    private func point(_ row: SQLRow) throws -> ForeignPoint {
        let isNaN = try row.optionalInteger64("is_nan") ?? 0 != 0
        return ForeignPoint(
            value: isNaN ? .nan : try row.number("value"), timestamp: try row.integer64("timestamp"),
            step: try row.optionalInteger64("step") ?? 0)
    }

    // MARK: Models

    package func loggedModels(of experiment: String) throws -> [String] {
        guard tables.contains("logged_models") else { return [] }
        return try database.rows(
            """
            SELECT model_id FROM logged_models WHERE experiment_id = :id AND lifecycle_stage = 'active'
            ORDER BY creation_timestamp_ms, model_id
            """, ["id": try number(experiment)]
        ).map { try $0.text("model_id") }
    }

    package func loggedModel(
        _ id: String, of experiment: String
    ) throws -> (model: ForeignLoggedModel, files: String) {
        let of: [String: SQLValue] = ["id": .text(id)]
        guard let row = try database.rows("SELECT * FROM logged_models WHERE model_id = :id", of).first else {
            throw TrackingError.unknownLoggedModel(id)
        }
        var model = ForeignLoggedModel(id: id)
        model.name = try row.text("name")
        model.type = try row.optionalText("model_type") ?? ""
        model.sourceRun = try row.optionalText("source_run_id").flatMap { $0.isEmpty ? nil : $0 }
        model.status =
            switch try row.integer64("status") {
            case 1: LoggedModel.Status.pending.rawValue
            case 3: LoggedModel.Status.uploadFailed.rawValue
            default: LoggedModel.Status.ready.rawValue
            }
        model.createdAt = try row.integer64("creation_timestamp_ms")
        model.updatedAt = try row.integer64("last_updated_timestamp_ms")
        model.params = try texts("logged_model_params", "param_key", "param_value", "model_id", .text(id))
        model.tags = try texts("logged_model_tags", "tag_key", "tag_value", "model_id", .text(id))
        model.metrics = try database.rows(
            """
            SELECT run_id, metric_name, metric_value AS value, metric_timestamp_ms AS timestamp, metric_step AS step,
                dataset_name, dataset_digest FROM logged_model_metrics WHERE model_id = :id ORDER BY rowid
            """, of
        ).map { row in
            ForeignLoggedModel.Metric(
                run: try row.text("run_id"), key: try row.text("metric_name"),
                point: ForeignPoint(
                    value: try row.number("value"), timestamp: try row.integer64("timestamp"),
                    step: try row.integer64("step")),
                datasetName: try row.optionalText("dataset_name"),
                datasetDigest: try row.optionalText("dataset_digest"))
        }
        return (model, try row.optionalText("artifact_location") ?? "")
    }

    package func models() throws -> [String] {
        guard tables.isSuperset(of: ["registered_models", "model_versions"]) else { return [] }
        return try database.rows("SELECT name FROM registered_models ORDER BY creation_time, name")
            .map { try $0.text("name") }
    }

    package func model(_ name: String) throws -> ForeignModel {
        let of: [String: SQLValue] = ["name": .text(name)]
        guard let row = try database.rows("SELECT * FROM registered_models WHERE name = :name", of).first else {
            throw Refusal(.modelUnknown, .notFound, "There is no model “\(name.prefix(200))” there.")
        }
        var model = ForeignModel(name: name)
        model.description = try row.optionalText("description")
        model.createdAt = try row.optionalInteger64("creation_time") ?? 0
        model.updatedAt = try row.optionalInteger64("last_updated_time") ?? model.createdAt
        model.tags = try texts("registered_model_tags", "key", "value", "name", .text(name))
        if tables.contains("registered_model_aliases") {
            for row in try database.rows("SELECT alias, version FROM registered_model_aliases WHERE name = :name", of) {
                model.aliases[try row.text("alias")] = try row.integer("version")
            }
        }
        for row in try database.rows("SELECT * FROM model_versions WHERE name = :name ORDER BY version", of)
        where try row.optionalText("current_stage") != "Deleted_Internal" {
            model.versions.append(try version(row, of: name))
        }
        return model
    }

    private func version(_ row: SQLRow, of name: String) throws -> ForeignVersion {
        var version = ForeignVersion(number: try row.integer("version"))
        version.description = try row.optionalText("description")
        version.createdAt = try row.optionalInteger64("creation_time") ?? 0
        version.updatedAt = try row.optionalInteger64("last_updated_time") ?? version.createdAt
        version.stage = try row.optionalText("current_stage") ?? "None"
        version.source = try row.optionalText("source")
        version.run = try row.optionalText("run_id").flatMap { $0.isEmpty ? nil : $0 }
        version.runLink = try row.optionalText("run_link")
        // Where a version is of a logged model, its source says so.
        version.loggedModel = version.source.flatMap { source in
            source.hasPrefix("models:/m-") ? String(source.dropFirst(8)) : nil
        }
        for row in try database.rows(
            "SELECT key, value FROM model_version_tags WHERE name = :name AND version = :version",
            ["name": .text(name), "version": SQLValue(version.number)])
        {
            version.tags[try row.text("key")] = try row.optionalText("value") ?? ""
        }
        return version
    }

    package func leftBehind() throws -> [(what: String, count: Int)] {
        try [
            ("trace_info", "traces"), ("evaluation_datasets", "evaluation data sets"), ("webhooks", "webhooks"),
            ("scorers", "scorers"),
        ].compactMap { table, what in
            guard tables.contains(table) else { return nil }
            let count = try database.rows("SELECT COUNT(*) AS count FROM \(table)").first?.integer("count") ?? 0
            return count > 0 ? (what, count) : nil
        }
    }

    // MARK: Reading

    private func texts(
        _ table: String, _ key: String, _ value: String, _ owner: String, _ id: SQLValue
    ) throws -> [String: String] {
        guard tables.contains(table) else { return [:] }
        var found: [String: String] = [:]
        for row in try database.rows(
            "SELECT \(key) AS key, \(value) AS value FROM \(table) WHERE \(owner) = :id", ["id": id])
        {
            found[try row.text("key")] = try row.optionalText("value") ?? ""
        }
        return found
    }

    private func number(_ experiment: String) throws -> SQLValue {
        guard let number = Int64(experiment) else { throw TrackingError.unknownExperiment(experiment) }
        return .integer(number)
    }
}

extension SQLRow {
    /// A number, whole or not, as SQLite keeps what is written as a float.
    fileprivate func number(_ column: String) throws -> Double {
        switch self[column] {
        case .real(let value): value
        case .integer(let value): Double(value)
        default: throw StoreFailure(.unreadable(column: column))
        }
    }
}
