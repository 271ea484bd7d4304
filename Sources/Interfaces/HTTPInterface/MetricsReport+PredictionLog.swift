// SPDX-License-Identifier: Apache-2.0
internal import PredictionLogging

/// What became of predictions on their way to the log.
extension MetricsReport {
    func writePredictionLog(into text: MetricsText) {
        // Refusals are kept, too: also of an endpoint that has accepted nothing.
        let kept = series.filter { $0.sum { $0.log?.offered ?? 0 } > 0 }
        guard !kept.isEmpty else { return }
        let counters: [(name: String, help: String, value: @Sendable (LogCounters) -> Int)] = [
            (
                "slipway_prediction_log_records_total", "Predictions and refused requests that are in the log's files.",
                { $0.written }
            ),
            (
                "slipway_prediction_log_sampled_out_total",
                "Those that are not, because the endpoint keeps a share.", { $0.sampledOut }
            ),
            ("slipway_prediction_log_bytes_total", "What was written for them.", { $0.bytes }),
        ]
        for (name, help, value) in counters {
            text.family(name, .counter, help)
            for one in kept { text.sample(name, one.endpoint, one.sum { $0.log.map(value) ?? 0 }) }
        }
        let dropped = "slipway_prediction_log_dropped_total"
        text.family(dropped, .counter, "Those that were to be kept and are not, by cause.")
        // The causes that have not been, too: who collects sees the first one as a rise.
        for one in kept {
            for cause in DropCause.allCases {
                text.sample(
                    dropped, one.endpoint.with("cause", cause.rawValue), one.sum { $0.log?.dropped(cause) ?? 0 })
            }
        }
    }
}
