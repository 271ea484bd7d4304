// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import Tensors

/// A list, or nothing where it is empty: fields without a value are left out.
func listed(_ values: [JSONValue]) -> JSONValue? { values.isEmpty ? nil : .array(values) }

func listed(_ texts: [KeyedText]) -> JSONValue? { listed(texts.map(\.json)) }

extension KeyedText {
    var json: JSONValue { .record([("key", .string(key)), ("value", .string(value))]) }
}

extension ArtifactPath {
    /// Where clients find the files: on the server that told them.
    var uri: String { "mlflow-artifacts:/\(text)" }
}

extension Experiment {
    var json: JSONValue {
        .record([
            ("experiment_id", .string(id.description)), ("name", .string(name)),
            ("artifact_location", .string("mlflow-artifacts:/\(id)")),
            ("lifecycle_stage", .string(isDeleted ? "deleted" : "active")),
            ("last_update_time", .integer(updatedAt.milliseconds)),
            ("creation_time", .integer(createdAt.milliseconds)), ("tags", listed(tags)),
        ])
    }
}

extension RunInfo {
    var json: JSONValue {
        .record([
            ("run_uuid", .string(id.text)), ("experiment_id", .string(experiment.description)),
            ("run_name", .string(name)), ("user_id", .string(user)), ("status", .string(status.rawValue)),
            ("start_time", .integer(startedAt)), ("end_time", endedAt.map(JSONValue.integer)),
            ("artifact_uri", .string(ArtifactPath.files(of: self).uri)),
            ("lifecycle_stage", .string(isDeleted ? "deleted" : "active")), ("run_id", .string(id.text)),
        ])
    }
}

extension Run {
    var json: JSONValue {
        .record([
            ("info", info.json),
            (
                "data",
                .record([
                    ("metrics", listed(metrics.map { $0.json() })), ("params", listed(params)), ("tags", listed(tags)),
                ])
            ),
            (
                "inputs",
                .record([
                    ("dataset_inputs", listed(datasets.map(\.json))),
                    ("model_inputs", listed(inputModels.map { .record([("model_id", .string($0.text))]) })),
                ])
            ),
            (
                "outputs",
                .record([
                    (
                        "model_outputs",
                        listed(
                            outputModels.map {
                                .record([("model_id", .string($0.model.text)), ("step", .integer($0.step))])
                            })
                    )
                ])
            ),
        ])
    }
}

extension MetricPoint {
    func json(run: RunID? = nil) -> JSONValue {
        .record([
            ("key", .string(key)), ("value", .double(value)), ("timestamp", .integer(timestamp)),
            ("step", .integer(step)), ("dataset_name", dataset.map { .string($0.name) }),
            ("dataset_digest", dataset.map { .string($0.digest) }), ("model_id", model.map { .string($0.text) }),
            ("run_id", run.map { .string($0.text) }),
        ])
    }
}

extension DatasetInput {
    var json: JSONValue {
        .record([
            ("tags", listed(tags)),
            (
                "dataset",
                .record([
                    ("name", .string(key.name)), ("digest", .string(key.digest)),
                    ("source_type", .string(sourceType)), ("source", .string(source)),
                    ("schema", schema.map(JSONValue.string)), ("profile", profile.map(JSONValue.string)),
                ])
            ),
        ])
    }

    init(_ fields: MLflowFields) throws {
        let dataset = try fields.fields("dataset")
        self.init(
            key: DatasetKey(name: try dataset.text("name"), digest: try dataset.text("digest")),
            sourceType: try dataset.text("source_type"), source: try dataset.text("source"),
            schema: try dataset.optionalText("schema"), profile: try dataset.optionalText("profile"),
            tags: try fields.list("tags").map { KeyedText(try $0.text("key"), try $0.optionalText("value") ?? "") })
    }
}

extension LoggedModel {
    var json: JSONValue {
        .record([
            (
                "info",
                .record([
                    ("model_id", .string(id.text)), ("experiment_id", .string(experiment.description)),
                    ("name", .string(name)), ("creation_timestamp_ms", .integer(createdAt.milliseconds)),
                    ("last_updated_timestamp_ms", .integer(updatedAt.milliseconds)),
                    ("artifact_uri", .string(ArtifactPath.files(of: id, in: experiment).uri)),
                    ("status", .string(status.rawValue)), ("model_type", .string(type)),
                    ("source_run_id", sourceRun.map { .string($0.text) }), ("tags", listed(tags)),
                ])
            ),
            (
                "data",
                .record([
                    ("params", listed(params)), ("metrics", listed(metrics.map { $0.point.json(run: $0.run) })),
                ])
            ),
        ])
    }
}
