// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import Tensors

/// A run or a logged model with all that was recorded in it, as it stands in a ``TransferDocument``.
///
/// Made the same way of what is here and of what comes, so that two are the same when their documents are. Numbers of
/// experiments differ between platforms, and so are no part of it; paths begin below the run.
enum TransferredRun {
    /// - Parameter files: Below the run's folder.
    static func json(_ run: Run, in store: any TrackingReading, files: [Artifact]) throws -> JSONValue {
        var points: [JSONValue] = []
        for metric in run.metrics {
            var offset = 0
            while true {
                let page = try store.metricHistory(metric.key, of: run.info.id, offset: offset, limit: 10_000)
                points += page.map(json)
                offset += page.count
                if page.count < 10_000 { break }
            }
        }
        let info = run.info
        return .record([
            ("id", .string(info.id.text)), ("name", .string(info.name)), ("user", .string(info.user)),
            ("status", .string(info.status.rawValue)), ("started", .integer(info.startedAt)),
            ("ended", info.endedAt.map { .integer($0) }), ("params", ModelTransfer.json(run.params)),
            ("tags", ModelTransfer.json(run.tags)), ("metrics", .array(points)),
            ("datasets", .array(run.datasets.map(json))),
            ("input_models", .array(run.inputModels.map { .string($0.text) })),
            (
                "output_models",
                .array(
                    run.outputModels.map { .record([("model", .string($0.model.text)), ("step", .integer($0.step))]) })
            ),
            ("files", json(files, below: ArtifactPath.files(of: info))),
        ])
    }

    static func json(_ model: LoggedModel, files: [Artifact]) -> JSONValue {
        .record([
            ("id", .string(model.id.text)), ("name", .string(model.name)), ("type", .string(model.type)),
            ("source_run", model.sourceRun.map { .string($0.text) }), ("status", .string(model.status.rawValue)),
            ("created", .integer(model.createdAt.microseconds)), ("params", ModelTransfer.json(model.params)),
            ("tags", ModelTransfer.json(model.tags)),
            ("files", json(files, below: ArtifactPath.files(of: model.id, in: model.experiment))),
        ])
    }

    private static func json(_ files: [Artifact], below folder: ArtifactPath) -> JSONValue {
        .array(
            files.map { file in
                .record([
                    ("path", .string(String(file.path.text.dropFirst(folder.text.count + 1)))),
                    ("sha256", .string(file.content.hex)), ("bytes", .integer(Int64(file.byteCount))),
                ])
            })
    }

    private static func json(_ point: MetricPoint) -> JSONValue {
        .record([
            ("key", .string(point.key)), ("value", .double(point.value)), ("time", .integer(point.timestamp)),
            ("step", .integer(point.step)), ("model", point.model.map { .string($0.text) }),
            ("dataset", point.dataset.map { .array([.string($0.name), .string($0.digest)]) }),
        ])
    }

    private static func json(_ dataset: DatasetInput) -> JSONValue {
        .record([
            ("name", .string(dataset.key.name)), ("digest", .string(dataset.key.digest)),
            ("source_type", .string(dataset.sourceType)), ("source", .string(dataset.source)),
            ("schema", dataset.schema.map { .string($0) }), ("profile", dataset.profile.map { .string($0) }),
            ("tags", ModelTransfer.json(dataset.tags)),
        ])
    }

    // MARK: The other way

    static func runInfo(_ json: JSONValue, in experiment: ExperimentID) throws -> RunInfo {
        guard let id = RunID(try json.text("id")), let status = RunInfo.Status(rawValue: try json.text("status")) else {
            throw unusable("its run has no name or no status")
        }
        return RunInfo(
            id: id, experiment: experiment, name: try json.text("name"), user: try json.text("user"), status: status,
            startedAt: try json.number("started"), endedAt: json["ended"]?.integer, isDeleted: false)
    }

    static func points(_ json: JSONValue) throws -> [MetricPoint] {
        try json.list("metrics").map { point in
            guard let value = point["value"]?.double else { throw unusable("a metric has no number") }
            var made = MetricPoint(
                key: try point.text("key"), value: value, timestamp: try point.number("time"),
                step: try point.number("step"))
            made.model = point.optionalText("model").flatMap { LoggedModelID($0) }
            if let name = point["dataset"]?[0]?.string, let digest = point["dataset"]?[1]?.string {
                made.dataset = DatasetKey(name: name, digest: digest)
            }
            return made
        }
    }

    static func datasets(_ json: JSONValue) throws -> [DatasetInput] {
        try json.list("datasets").map { dataset in
            DatasetInput(
                key: DatasetKey(name: try dataset.text("name"), digest: try dataset.text("digest")),
                sourceType: try dataset.text("source_type"), source: try dataset.text("source"),
                schema: dataset.optionalText("schema"), profile: dataset.optionalText("profile"),
                tags: try dataset.texts("tags"))
        }
    }

    static func inputModels(_ json: JSONValue) throws -> [LoggedModelID] {
        try json.list("input_models").compactMap { $0.string.flatMap { LoggedModelID($0) } }
    }

    static func outputModels(_ json: JSONValue) throws -> [ModelOutput] {
        try json.list("output_models").map { output in
            guard let model = LoggedModelID(try output.text("model")) else { throw unusable("a model has no name") }
            return ModelOutput(model: model, step: try output.number("step"))
        }
    }

    static func loggedModel(_ json: JSONValue, in experiment: ExperimentID, at time: Timestamp) throws -> LoggedModel {
        guard let id = LoggedModelID(try json.text("id")),
            let status = LoggedModel.Status(rawValue: try json.text("status"))
        else { throw unusable("its logged model has no name or no status") }
        var model = LoggedModel(
            id: id, experiment: experiment, name: try json.text("name"), type: try json.text("type"),
            sourceRun: json.optionalText("source_run").flatMap { RunID($0) }, status: status,
            createdAt: Timestamp(microseconds: try json.number("created")), updatedAt: time)
        model.params = try json.texts("params")
        model.tags = try json.texts("tags")
        return model
    }

    static func files(_ json: JSONValue, below folder: ArtifactPath, at time: Timestamp) throws -> [Artifact] {
        try json.list("files").map { file in
            Artifact(
                path: try folder.appending(try file.text("path")), content: try file.digest("sha256"),
                byteCount: try file.count("bytes"), changedAt: time)
        }
    }
}
