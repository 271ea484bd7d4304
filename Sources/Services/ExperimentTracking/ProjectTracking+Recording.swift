// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What a run records.
extension ProjectTracking {
    /// Metrics, parameters and tags of one run: all of them, or none.
    ///
    /// - Throws: `TRK-002`, `TRK-008`; `TRK-006` for a parameter that has another value; `IN-009` over a limit.
    package func record(
        in id: RunID, metrics: [MetricPoint] = [], params: [KeyedText] = [], tags: [KeyedText] = []
    ) async throws {
        try checkCount(metrics.count, TrackingLimits.metricsOfBatch, "metrics")
        try checkCount(params.count, TrackingLimits.paramsOfBatch, "parameters")
        try checkCount(tags.count, TrackingLimits.tagsOfBatch, "tags")
        try checkCount(metrics.count + params.count + tags.count, TrackingLimits.entitiesOfBatch, "things to record")
        for metric in metrics { try checkMetric(metric) }
        let (params, tags) = (try params.map(fittingParam), try tags.map(fittingTag))
        // The same parameter twice in one call is a mistake, even with one value.
        if let again = firstRepeated(params.map(\.key)) { throw repeated("parameter", again) }
        try await store.write { [project] transaction in
            let run = try transaction.active(id, in: project)
            try insert(params, of: id, transaction)
            try transaction.append(metrics, to: id)
            for tag in newest(of: tags) { try tagRun(run, tag, transaction) }
        }
    }

    /// - Throws: `TRK-002`, `TRK-008`; `IN-002` when there is no such tag.
    package func removeTag(_ key: String, of id: RunID) async throws {
        try await store.write { [project] transaction in
            _ = try transaction.active(id, in: project)
            guard try transaction.runs([id]).first?.tags.contains(where: { $0.key == key }) ?? false else {
                throw unknownTag(key)
            }
            try transaction.setTag(key, to: nil, of: id)
        }
    }

    /// - Throws: `TRK-002`.
    package func metricHistory(
        _ key: String, of id: RunID, offset: Int, limit: Int
    ) async throws -> SearchPage<MetricPoint> {
        var search = SearchRequest()
        (search.offset, search.limit) = (offset, limit)
        return page(
            try await store.read { [project] store in
                _ = try store.known(id, in: project)
                return try store.metricHistory(key, of: id, offset: offset, limit: limit + 1)
            }, search)
    }

    /// Of each run at most about `limit` points of a metric, evenly over its steps.
    ///
    /// - Throws: `TRK-002`.
    package func metricSamples(
        _ key: String, of ids: [RunID], steps: ClosedRange<Int64>?, limit: Int
    ) async throws -> [(run: RunID, points: [MetricPoint])] {
        try await store.read { [project] store in
            try ids.map { id in
                _ = try store.known(id, in: project)
                return (id, try store.metricSample(key, of: id, steps: steps, limit: limit))
            }
        }
    }

    /// Data sets and models that a run read.
    ///
    /// - Throws: `TRK-002`, `TRK-008`, `TRK-003`.
    package func recordInputs(_ datasets: [DatasetInput], models: [LoggedModelID], of id: RunID) async throws {
        try checkCount(datasets.count + models.count, TrackingLimits.entitiesOfBatch, "inputs")
        for dataset in datasets { try check(dataset) }
        try await store.write { [project] transaction in
            _ = try transaction.active(id, in: project)
            for model in models { _ = try transaction.known(model, in: project) }
            try transaction.insert(datasets, of: id)
            try transaction.insert(inputModels: models, of: id)
        }
    }

    /// - Throws: `TRK-002`, `TRK-008`, `TRK-003`.
    package func recordOutputs(_ outputs: [ModelOutput], of id: RunID) async throws {
        try checkCount(outputs.count, TrackingLimits.entitiesOfBatch, "outputs")
        try await store.write { [project] transaction in
            _ = try transaction.active(id, in: project)
            for output in outputs { _ = try transaction.known(output.model, in: project) }
            try transaction.insert(outputs, of: id)
        }
    }

    package func datasets(of experiments: [ExperimentID], limit: Int) async throws -> [DatasetSummary] {
        try await store.read { [project] store in
            try store.datasets(of: store.known(experiments, in: project), limit: limit)
        }
    }

    func check(_ dataset: DatasetInput) throws {
        for (text, limit, what) in [
            (dataset.key.name, TrackingLimits.datasetName, "name of a data set"),
            (dataset.key.digest, TrackingLimits.datasetDigest, "digest of a data set"),
        ] {
            guard !text.isEmpty else { throw TrackingError.unusable(what: what, value: text) }
            try checkLength(text, limit, what)
        }
        try checkLength(dataset.source, 65_535, "source of a data set")
        try checkLength(dataset.schema ?? "", 1_048_575, "schema of a data set")
        try checkLength(dataset.profile ?? "", 16_777_215, "profile of a data set")
        for tag in dataset.tags {
            try checkLength(tag.key, TrackingLimits.inputTagKey, "key of an input's tag")
            try checkLength(tag.value, TrackingLimits.inputTagValue, "value of an input's tag")
        }
    }
}

private func insert(_ params: [KeyedText], of run: RunID, _ transaction: any TrackingWriting) throws {
    guard !params.isEmpty else { return }
    let present = Dictionary(
        try transaction.params(params.map(\.key), of: run).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    for param in params {
        if let old = present[param.key], old != param.value {
            throw TrackingError.paramChanged(key: param.key, old: old, new: param.value)
        }
    }
    try transaction.insertParams(params.filter { present[$0.key] == nil }, of: run)
}

private func tagRun(_ run: RunInfo, _ tag: KeyedText, _ transaction: any TrackingWriting) throws {
    try transaction.setTag(tag.key, to: tag.value, of: run.id)
    if tag.key == ProjectTracking.runNameTag, tag.value != run.name {
        var renamed = run
        renamed.name = tag.value
        try transaction.update(renamed)
    }
}
