// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution

/// Under whose names a question wants the numbers.
struct MetricsView: OptionSet, Sendable {
    let rawValue: Int

    static let slipway = MetricsView(rawValue: 1)
    static let triton = MetricsView(rawValue: 2)
    static let kserve = MetricsView(rawValue: 4)
    static let all: MetricsView = [.slipway, .triton, .kserve]
    static let byName: KeyValuePairs<String, MetricsView> = [
        "slipway": .slipway, "triton": .triton, "kserve": .kserve, "all": .all,
    ]
    /// What is told when nothing is said.
    static let standard: MetricsView = [.slipway, .triton]
}

/// Everything that is counted, at one moment.
struct MetricsReport {
    /// Of the endpoints that whoever asks may see.
    let all: [EndpointMetrics]
    let series: [EndpointSeries]

    /// Those that somebody has asked.
    private let used: [EndpointSeries]

    init(of endpoints: [EndpointMetrics], existing: some Collection<String>, names: SeriesNames) {
        all = endpoints
        series = names.series(of: endpoints, among: existing)
        // A series of others stays for as long as one of them was asked.
        used = series.filter { $0.sum { $0.isUsed ? 1 : 0 } > 0 }
    }

    func write(_ view: MetricsView, into text: MetricsText) {
        if view.contains(.triton) { writeTritons(used, into: text) }
        if view.contains(.kserve) { writeKServes(used, into: text) }
        guard view.contains(.slipway) else { return }
        writeEndpoints(into: text)
        writeRequests(into: text)
        writeTimes(into: text)
        writeCalls(into: text)
        writeSteps(into: text)
        writeCaches(into: text)
        writePredictionLog(into: text)
    }

    private func writeEndpoints(into text: MetricsText) {
        text.family("slipway_endpoint_ready", .gauge, "Whether a proven version answers.")
        for one in series {
            guard let only = one.only else { continue }
            text.sample("slipway_endpoint_ready", one.endpoint, only.state.live == nil ? 0 : 1)
        }
        text.family(
            "slipway_endpoint_failing", .gauge, "Whether nothing answers, and nothing will when it is asked for.")
        for one in series {
            guard let only = one.only else { continue }
            text.sample("slipway_endpoint_failing", one.endpoint, only.state.answers ? 0 : 1)
        }
        text.family("slipway_endpoints", .gauge, "Endpoints, by what becomes of their requests.")
        for (name, isState) in Self.states {
            text.sample("slipway_endpoints", MetricLabels(["state": name]), all.count { isState($0.state) })
        }
        text.family(
            "slipway_endpoints_without_series", .gauge,
            "Endpoints that share the series “\(EndpointSeries.others)”, because enough others came before.")
        text.sample(
            "slipway_endpoints_without_series", MetricLabels(),
            series.reduce(0) { $0 + ($1.only == nil ? $1.members.count : 0) })
        text.family("slipway_version_requests_total", .counter, "What the version that answers has answered.")
        for one in used {
            guard let only = one.only, let live = only.state.live else { continue }
            text.sample(
                "slipway_version_requests_total", one.endpoint.with("version", live.versionText),
                live.counts.answered)
        }
    }

    private static let states: KeyValuePairs<String, @Sendable (EndpointState) -> Bool> = [
        "ready": { $0.live != nil }, "cold": { $0.live == nil && $0.answers },
        "failing": { $0.live == nil && !$0.answers },
    ]

    private func writeRequests(into text: MetricsText) {
        text.family("slipway_requests_total", .counter, "Requests that were answered, by outcome.")
        for one in used {
            for (outcome, count) in [
                ("success", one.sum(\.counters.succeeded)), ("failure", one.sum(\.counters.failed)),
            ] {
                text.sample("slipway_requests_total", one.endpoint.with("outcome", outcome), count)
            }
        }
        text.family(
            "slipway_requests_refused_total", .counter,
            "Requests that were not computed, by cause: on arrival, or after a wait.")
        for one in used {
            for cause in RefusalCause.allCases {
                let count = one.sum { $0.counters.refused(cause) }
                guard count > 0 else { continue }
                text.sample("slipway_requests_refused_total", one.endpoint.with("cause", cause.rawValue), count)
            }
        }
        let gauges: [(name: String, help: String, value: (EndpointMetrics) -> Int)] = [
            ("slipway_requests_waiting", "Requests that wait for a lane.", { $0.state.admission.waiting }),
            ("slipway_requests_running", "Calls that run on lanes.", { $0.state.admission.running }),
            (
                "slipway_concurrency_limit", "The most calls that run on lanes at once.",
                { $0.state.record.settings.concurrency ?? $0.state.admission.concurrency }
            ),
        ]
        for (name, help, value) in gauges {
            text.family(name, .gauge, help)
            for one in used { text.sample(name, one.endpoint, one.sum(value)) }
        }
    }

    private func writeTimes(into text: MetricsText) {
        let stages = "slipway_stage_seconds_total"
        text.family(stages, .counter, "Where the time of predictions went.")
        for one in used {
            for (stage, nanoseconds) in [
                ("decode", one.sum(\.counters.decodeNanoseconds)), ("queue", one.sum(\.counters.queueNanoseconds)),
                ("batch", one.sum { $0.counters.assemblyNanoseconds + $0.counters.splittingNanoseconds }),
                ("compute", one.sum(\.counters.runNanoseconds)), ("encode", one.sum(\.counters.encodeNanoseconds)),
            ] {
                text.sample(stages, one.endpoint.with("stage", stage), nanoseconds: nanoseconds)
            }
        }
        let name = "slipway_request_duration_seconds"
        text.family(
            name, .histogram, "From the first byte decoded to the last one encoded, of predictions that were made.")
        for one in used {
            text.histogram(
                name, one.endpoint, one.buckets(\.latencies), nanoseconds: one.sum(\.counters.deliveryNanoseconds),
                exemplars: one.exemplars())
        }
    }

    private func writeCalls(into text: MetricsText) {
        text.family("slipway_engine_calls_total", .counter, "Calls of the engine.")
        for one in used {
            text.sample("slipway_engine_calls_total", one.endpoint, one.sum(\.statistics.executionCount))
        }
        text.family("slipway_engine_rows_total", .counter, "Rows that it answered.")
        for one in used { text.sample("slipway_engine_rows_total", one.endpoint, one.sum(\.statistics.inferenceCount)) }
        text.family(
            "slipway_batch_row_limit", .gauge,
            "The most rows of requests that share a call at the moment; 1 where none do.")
        for one in used {
            guard let only = one.only else { continue }
            text.sample("slipway_batch_row_limit", one.endpoint, only.batching?.rowCap ?? 1)
        }
        text.family(
            "slipway_worker_losses_total", .counter,
            "How often a process ended that ran the model, since the version was loaded.")
        for one in series where one.sum({ $0.state.live?.engine.runsElsewhere ?? false ? 1 : 0 }) > 0 {
            text.sample(
                "slipway_worker_losses_total", one.endpoint, one.sum { $0.state.live?.engine.recovery.losses ?? 0 })
        }
    }

    /// Graphs have as many steps as their files say: a bound of its own.
    private func writeSteps(into text: MetricsText) {
        let graphs = used.compactMap { one in one.only?.state.live.map { (one.endpoint, $0.engine.steps) } }
            .filter { !$0.1.isEmpty }
        guard !graphs.isEmpty else { return }
        let counters: [(name: String, help: String, value: (StepCounts) -> Int)] = [
            ("slipway_step_calls_total", "Calls of a step of a graph, since the version was loaded.", { $0.calls }),
            ("slipway_step_rows_total", "Rows that it worked on.", { $0.rows }),
            ("slipway_step_failures_total", "Its calls that failed.", { $0.failures }),
        ]
        for (name, help, value) in counters {
            text.family(name, .counter, help)
            for (labels, steps) in graphs {
                for step in steps { text.sample(name, labels.with("step", step.name), value(step)) }
            }
        }
        text.family("slipway_step_seconds_total", .counter, "Time that it took.")
        for (labels, steps) in graphs {
            for step in steps {
                text.sample("slipway_step_seconds_total", labels.with("step", step.name), nanoseconds: step.nanoseconds)
            }
        }
    }

    private func writeCaches(into text: MetricsText) {
        let cached = used.filter { $0.sum { $0.state.cache == nil ? 0 : 1 } > 0 }
        guard !cached.isEmpty else { return }
        text.family("slipway_cache_requests_total", .counter, "Requests that were looked for, by what came of it.")
        for one in cached {
            for (result, count) in [
                ("hit", one.sum(\.counters.cacheHits)), ("miss", one.sum(\.counters.cacheMisses)),
            ] {
                text.sample("slipway_cache_requests_total", one.endpoint.with("result", result), count)
            }
        }
        let gauges: [(name: String, help: String, value: (ResponseCache) -> Int)] = [
            ("slipway_cache_bytes", "What kept answers take of the memory.", { $0.contents.bytes }),
            ("slipway_cache_limit_bytes", "What they may take.", { $0.byteLimit }),
            ("slipway_cache_answers", "Answers that are kept.", { $0.contents.entries }),
        ]
        for (name, help, value) in gauges {
            text.family(name, .gauge, help)
            for one in cached { text.sample(name, one.endpoint, one.sum { $0.state.cache.map(value) ?? 0 }) }
        }
    }
}

extension MetricsText {
    /// - Parameters:
    ///   - buckets: Read before `nanoseconds`: what comes in between is in neither of the counts.
    ///   - exemplars: One for each bucket, or none at all.
    func histogram(
        _ name: String, _ labels: MetricLabels, _ buckets: [(bound: Int?, count: Int)], nanoseconds: Int,
        exemplars: [MetricExemplar?] = []
    ) {
        if let collector { return collector.add(labels, .histogram(buckets, nanoseconds: nanoseconds)) }
        for (index, bucket) in buckets.enumerated() {
            self.bucket(
                name, labels.with("le", bucket.bound.map(secondsText) ?? "+Inf"), bucket.count,
                exemplars.isEmpty ? nil : exemplars[index])
        }
        sample("\(name)_sum", labels, nanoseconds: nanoseconds)
        sample("\(name)_count", labels, buckets.last?.count ?? 0)
    }
}
