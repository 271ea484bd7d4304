// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing

/// The same numbers under the names that dashboards of others ask for.
extension MetricsReport {
    /// Triton's counters and its gauge. Their names do not end in `_total`, and their times are in microseconds.
    func writeTritons(_ used: [EndpointSeries], into text: MetricsText) {
        for (name, help, value) in Self.tritonsCounters {
            let concerned = name.hasPrefix("nv_cache") ? used.filter { $0.sum { $0.hasCache ? 1 : 0 } > 0 } : used
            guard !concerned.isEmpty else { continue }
            text.family(name, .counter, help)
            for one in concerned { text.sample(name, one.model, one.sum(value)) }
        }
        let failure = "nv_inference_request_failure"
        text.family(failure, .counter, "Requests without a prediction, by reason.")
        for one in used {
            let rejected: [RefusalCause] = [.queueFull, .share, .rate, .wouldMissDeadline, .standingQueue]
            for (reason, count) in [
                ("REJECTED", one.sum { $0.refused(rejected) }), ("CANCELED", one.sum { $0.refused([.abandoned]) }),
                ("OTHER", one.sum { $0.refused([.deadline]) }), ("BACKEND", one.sum(\.counters.failedRunning)),
            ] {
                text.sample(failure, one.model.with("reason", reason), count)
            }
        }
        let pending = "nv_inference_pending_request_count"
        text.family(pending, .gauge, "Requests that wait.")
        for one in used { text.sample(pending, one.model, one.sum(\.state.admission.waiting)) }
    }

    private static let tritonsCounters: [(name: String, help: String, value: @Sendable (EndpointMetrics) -> Int)] = [
        (
            "nv_inference_request_success", "Requests that were answered with a prediction.",
            { $0.statistics.success.count }
        ),
        (
            "nv_inference_count", "Rows that the engine answered; what was kept is not among them.",
            { $0.statistics.inferenceCount }
        ),
        ("nv_inference_exec_count", "Calls of the engine.", { $0.statistics.executionCount }),
        (
            "nv_inference_request_duration_us", "Time of the requests that succeeded.",
            { $0.statistics.success.microseconds }
        ),
        ("nv_inference_queue_duration_us", "Time that they waited.", { $0.statistics.queue.microseconds }),
        (
            "nv_inference_compute_input_duration_us", "Time to decode them and to put them together.",
            { $0.statistics.computeInput.microseconds }
        ),
        ("nv_inference_compute_infer_duration_us", "Time in the engine.", { $0.statistics.computeInfer.microseconds }),
        (
            "nv_inference_compute_output_duration_us", "Time to take answers apart and to encode them.",
            { $0.statistics.computeOutput.microseconds }
        ),
        (
            "nv_cache_num_hits_per_model", "Requests that were answered with what was kept.",
            { $0.statistics.cacheHit.count }
        ),
        ("nv_cache_num_misses_per_model", "Requests for which nothing was kept.", { $0.statistics.cacheMiss.count }),
        (
            "nv_cache_hit_duration_per_model", "Time to find what was kept, in microseconds.",
            { $0.statistics.cacheHit.microseconds }
        ),
        (
            "nv_cache_miss_duration_per_model", "Time to look in vain and to keep the answer, in microseconds.",
            { $0.statistics.cacheMiss.microseconds }
        ),
    ]

    /// KServe's histograms.
    func writeKServes(_ used: [EndpointSeries], into text: MetricsText) {
        let histograms:
            [(
                name: String, help: String, buckets: (EndpointCounters) -> LatencyHistogram,
                nanoseconds: (EndpointCounters) -> Int
            )] = [
                (
                    "request_preprocess_seconds", "Time to decode a request.", { $0.decodings },
                    { $0.decodeNanoseconds }
                ),
                (
                    "request_predict_seconds", "Time in the engine.", { $0.computations },
                    { $0.runNanoseconds - $0.explanationNanoseconds }
                ),
                (
                    "request_postprocess_seconds", "Time to encode an answer.", { $0.encodings },
                    { $0.encodeNanoseconds }
                ),
                (
                    "request_explain_seconds", "Time to explain an answer.", { $0.explanations },
                    { $0.explanationNanoseconds }
                ),
            ]
        for (name, help, buckets, nanoseconds) in histograms {
            text.family(name, .histogram, help)
            for one in used {
                text.histogram(
                    name, one.modelName, one.buckets(buckets), nanoseconds: one.sum { nanoseconds($0.counters) })
            }
        }
    }
}

extension InferenceStatistics.Times {
    fileprivate var microseconds: Int { nanoseconds / 1000 }
}
