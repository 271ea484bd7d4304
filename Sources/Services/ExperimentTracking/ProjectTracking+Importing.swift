// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What is brought from another store. Everything may come again: what is here already stays as it is, and what was cut off
/// goes on where it was.
extension ProjectTracking {
    /// Makes an experiment, unless there is one of that name, and says what number it has here.
    package func bring(_ experiment: ForeignExperiment) async throws -> ImportOutcome {
        try checkExperimentName(experiment.name)
        let tags = keyed(experiment.tags)
        for tag in tags { try checkTag(tag, valueLimit: TrackingLimits.experimentTagValue) }
        try checkTime(experiment.createdAt, "time of an experiment")
        try checkTime(experiment.updatedAt, "time of an experiment")
        return try await store.write { [project] transaction in
            if let known = try transaction.experiment(named: experiment.name, in: project) {
                let present = Set(known.tags.map(\.key))
                for tag in tags where !present.contains(tag.key) {
                    try transaction.setTag(tag.key, to: tag.value, of: known.id, at: known.updatedAt)
                }
                return ImportOutcome(isNew: false, number: known.id.number)
            }
            let id = try transaction.makeExperiment(
                named: experiment.name, in: project, number: nil, tags: tags,
                at: Timestamp(milliseconds: experiment.createdAt))
            try transaction.rename(id, to: experiment.name, at: Timestamp(milliseconds: experiment.updatedAt))
            return ImportOutcome(isNew: true, number: id.number)
        }
    }

    /// Deletes an experiment as it was there, with its runs, once they have come; harmless when it is deleted already.
    package func bringDeletion(of id: ExperimentID) async throws {
        try await store.write { [project, now] transaction in
            let experiment = try transaction.known(id, in: project)
            if !experiment.isDeleted { try transaction.setDeleted(true, experiment.id, at: now()) }
        }
    }

    /// - Throws: `TRK-001`; `TRK-005` when another project or experiment has a run of that id; what is wrong with a text.
    package func bring(_ run: ForeignRun) async throws -> ImportOutcome {
        guard let id = RunID(run.id) else { throw TrackingError.unusable(what: "id of a run", value: run.id) }
        guard let status = RunInfo.Status(rawValue: run.status) else {
            throw TrackingError.unusable(what: "status of a run", value: run.status)
        }
        try checkLength(run.name, TrackingLimits.runName, "name of a run")
        try checkLength(run.user, TrackingLimits.key, "user of a run")
        try checkTime(run.startedAt, "start of a run")
        if let end = run.endedAt { try checkTime(end, "end of a run") }
        let params = try whole(run.params, "parameter")
        var texts = run.tags
        if texts[Self.runNameTag] == nil, !run.name.isEmpty { texts[Self.runNameTag] = run.name }
        let tags = try whole(texts, "tag")
        let datasets = run.datasets.map(DatasetInput.init)
        for dataset in datasets { try check(dataset) }
        let models = try (run.inputModels + run.outputModels.map(\.model)).map(knownModelForm)
        return try await store.write { [project, now] transaction in
            let experiment = try transaction.known(ExperimentID(run.experiment), in: project)
            if let known = try transaction.runInfo(id) {
                guard known.experiment == experiment.id else { throw taken("run", run.id) }
                return ImportOutcome(isNew: false)
            }
            try transaction.insert(
                RunInfo(
                    id: id, experiment: experiment.id, name: run.name, user: run.user, status: status,
                    startedAt: run.startedAt, endedAt: run.endedAt, isDeleted: false), tags: tags)
            try transaction.insertParams(params, of: id)
            try transaction.insert(datasets, of: id)
            try transaction.insert(inputModels: Array(models.prefix(run.inputModels.count)), of: id)
            try transaction.insert(
                zip(models.dropFirst(run.inputModels.count), run.outputModels)
                    .map { ModelOutput(model: $0, step: $1.step) }, of: id)
            if run.isDeleted { try transaction.setDeleted(true, id, at: now()) }
            return ImportOutcome(isNew: true)
        }
    }

    /// Appends points of one metric, except for those that are here.
    ///
    /// - Returns: How many of them are new.
    /// - Throws: `TRK-002`; `IN-006` when points before these are missing.
    package func bring(_ foreign: ForeignPoints, of id: RunID) async throws -> ImportOutcome {
        try checkCount(foreign.points.count, 10_000, "points")
        let points = try foreign.points.map { try $0.point(key: foreign.key) }
        for point in points { try checkMetric(point) }
        return try await store.write { [project] transaction in
            _ = try transaction.known(id, in: project)
            let present = try transaction.pointCount(of: foreign.key, in: id)
            guard foreign.offset <= present, foreign.offset >= 0 else {
                throw TrackingError.unusable(
                    what: "first of the points of “\(foreign.key)”, of which \(present) are here",
                    value: String(foreign.offset))
            }
            let rest = Array(points.dropFirst(present - foreign.offset))
            try transaction.append(rest, to: id)
            return ImportOutcome(isNew: !rest.isEmpty, number: Int64(rest.count))
        }
    }

    /// - Throws: `TRK-001`, `TRK-002` for a run that measured it; `TRK-005` when another experiment has a model of that id.
    package func bring(_ model: ForeignLoggedModel) async throws -> ImportOutcome {
        let id = try knownModelForm(model.id)
        guard let status = LoggedModel.Status(rawValue: model.status) else {
            throw TrackingError.unusable(what: "status of a logged model", value: model.status)
        }
        try checkLength(model.name, TrackingLimits.experimentName, "name of a logged model")
        try checkLength(model.type, TrackingLimits.experimentName, "type of a logged model")
        try checkTime(model.createdAt, "time of a logged model")
        try checkTime(model.updatedAt, "time of a logged model")
        let (params, tags) = (try whole(model.params, "parameter"), try whole(model.tags, "tag"))
        let metrics = try model.metrics.map { metric in
            var point = try metric.point.point(key: metric.key)
            try checkMetric(point)
            point.model = id
            if let name = metric.datasetName, let digest = metric.datasetDigest {
                point.dataset = DatasetKey(name: name, digest: digest)
            }
            guard let run = RunID(metric.run) else { throw TrackingError.unknownRun(metric.run) }
            return (point: point, run: run)
        }
        let source = try model.sourceRun.map { text in
            guard let run = RunID(text) else { throw TrackingError.unknownRun(text) }
            return run
        }
        return try await store.write { [project] transaction in
            let experiment = try transaction.known(ExperimentID(model.experiment), in: project)
            if let known = try transaction.loggedModel(id) {
                guard known.experiment == experiment.id else { throw taken("logged model", model.id) }
                return ImportOutcome(isNew: false)
            }
            var made = LoggedModel(
                id: id, experiment: experiment.id, name: model.name, type: model.type, sourceRun: source,
                status: status, createdAt: Timestamp(milliseconds: model.createdAt),
                updatedAt: Timestamp(milliseconds: model.updatedAt))
            (made.params, made.tags) = (params, tags)
            try transaction.insert(made)
            for metric in metrics {
                _ = try transaction.known(metric.run, in: project)
                try transaction.setMetric(metric.point, measuredBy: metric.run)
            }
            return ImportOutcome(isNew: true)
        }
    }

    /// Gives files their names, except for those that have another content here: what was logged since stays.
    ///
    /// - Returns: How many names are new.
    package func bring(
        _ files: [(path: ArtifactPath, content: Digest, byteCount: Int)]
    ) async throws -> ImportOutcome {
        try await store.write { [project, now] transaction in
            var count: Int64 = 0
            for file in files {
                try requireOwner(of: file.path, project, transaction)
                guard try transaction.artifact(file.path) == nil else { continue }
                try requireRoom(for: file.path, transaction)
                try transaction.setArtifact(
                    Artifact(path: file.path, content: file.content, byteCount: file.byteCount, changedAt: now()))
                count += 1
            }
            return ImportOutcome(isNew: count > 0, number: count)
        }
    }
}

extension ForeignPoint {
    fileprivate func point(key: String) throws -> MetricPoint {
        guard let number = Double(value) else { throw TrackingError.unusable(what: "value of a metric", value: value) }
        return MetricPoint(key: key, value: number, timestamp: timestamp, step: step)
    }
}

extension DatasetInput {
    fileprivate init(_ foreign: ForeignDataset) {
        self.init(
            key: DatasetKey(name: foreign.name, digest: foreign.digest), sourceType: foreign.sourceType,
            source: foreign.source, schema: foreign.schema, profile: foreign.profile, tags: keyed(foreign.tags))
    }
}

private func keyed(_ texts: [String: String]) -> [KeyedText] {
    texts.map { KeyedText($0.key, $0.value) }.sorted { $0.key < $1.key }
}

/// Texts that are not cut, as what is logged here is: other stores have kept longer ones.
private func whole(_ texts: [String: String], _ what: String) throws -> [KeyedText] {
    try keyed(texts).map { text in
        try checkKey(text.key, what)
        try checkLength(text.value, 100_000, "value of the \(what) “\(text.key)”")
        return text
    }
}

private func knownModelForm(_ text: String) throws -> LoggedModelID {
    guard let id = LoggedModelID(text) else { throw TrackingError.unusable(what: "id of a logged model", value: text) }
    return id
}

private func taken(_ what: String, _ id: String) -> Refusal {
    Refusal(
        .nameTaken, .conflict, "There is a \(what) “\(id)” already, in another experiment or project.",
        hint: "It may have been brought there before.")
}
