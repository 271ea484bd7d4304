// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import Tensors

extension MLflowAPI {
    var metricRoutes: [Route] {
        [
            route(.post, "runs/log-metric", for: .develop) { call in
                try await project(call).record(in: call.runID(), metrics: [MetricPoint(call.fields)])
            },
            route(.post, "runs/log-batch", for: .develop) { call in
                try await project(call).record(
                    in: call.runID(), metrics: call.fields.list("metrics").map(MetricPoint.init),
                    params: call.keyedTexts("params"), tags: call.keyedTexts("tags"))
            },
            route(.get, "metrics/get-history", for: .view) { call in
                let (offset, limit) = try call.window(standard: 25_000, ceiling: 1_000_000)
                let page = try await project(call).metricHistory(
                    call.fields.text("metric_key"), of: call.runID(), offset: offset, limit: limit)
                return .record([
                    ("metrics", listed(page.items.map { $0.json() })), ("next_page_token", pageToken(page.nextOffset)),
                ])
            },
            route(.get, "metrics/get-history-bulk", for: .view) { call in
                let limit = try call.window(standard: 25_000, ceiling: 25_000).limit
                return try await history(call, of: "run_id", limit: limit, most: 20, steps: nil)
            },
            route(.get, "metrics/get-history-bulk-interval", for: .view) { call in
                let limit = try call.window(standard: 2500, ceiling: 2500).limit
                let start = try call.fields.optionalInteger("start_step")
                let end = try call.fields.optionalInteger("end_step")
                guard (start == nil) == (end == nil), start ?? 0 <= end ?? 0 else {
                    throw Refusal(
                        .outOfRange, .invalidInput,
                        "start_step and end_step are given both, the first not above the last.",
                        details: [.init("field", "start_step")])
                }
                let steps = start.flatMap { start in end.map { start...$0 } }
                return try await history(call, of: "run_ids", limit: limit, most: 100, steps: steps)
            },
        ]
    }

    /// Points of several runs, thinned out evenly where there are more than fit.
    private func history(
        _ call: MLflowCall, of name: String, limit: Int, most: Int, steps: ClosedRange<Int64>?
    ) async throws -> JSONValue {
        let ids = try call.fields.texts(name).map { try knownForm(RunID($0), or: .unknownRun($0)) }
        guard (1...most).contains(ids.count) else {
            throw Refusal(
                .limitExceeded, .invalidInput, "GetMetricHistoryBulk request must specify 1 to \(most) '\(name)'.",
                details: [.init("field", name)])
        }
        let samples = try await project(call).metricSamples(
            call.fields.text("metric_key"), of: ids, steps: steps, limit: limit)
        return ["metrics": .array(samples.flatMap { run, points in points.map { $0.json(run: run) } })]
    }
}

extension MetricPoint {
    fileprivate init(_ fields: MLflowFields) throws {
        self.init(
            key: try fields.text("key"), value: try fields.number("value"), timestamp: try fields.integer("timestamp"),
            step: try fields.optionalInteger("step") ?? 0)
        if let text = try fields.optionalText("model_id"), !text.isEmpty { model = try loggedModelID(text) }
        if let name = try fields.optionalText("dataset_name"), let digest = try fields.optionalText("dataset_digest"),
            !name.isEmpty
        {
            dataset = DatasetKey(name: name, digest: digest)
        }
    }
}
