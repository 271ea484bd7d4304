// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import NIOCore

/// `/metrics`: what monitoring systems collect.
///
/// Through the framework and off the event loops: with a thousand endpoints the text is long.
struct MetricsRoutes: Sendable {
    let administration: Administration
    let authority: TokenAuthority

    var routes: [AdministrationRoute] {
        [AdministrationRoute(.get, "/metrics", access: .open, "Metrics, in Prometheus' text format.", use: metrics)]
    }

    /// `GET /metrics` → text. Open to this machine, as predictions are; from elsewhere a token is needed that may view,
    /// even where predictions are open to everybody, and shows the endpoints that it may see.
    @Sendable private func metrics(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        if let denial = needForToken(from: origin(of: request, context.channel)) {
            guard let token = presentedToken(inHeader: request.headers[.authorization]) else { throw denial }
            context.requester.take(try authority.authorize(token, needs: .view, of: .common))
        } else {
            context.requester.name = "this machine"
        }
        let text = metricsText(of: administration.inference, for: context.requester.principal)
        return Response(
            status: .ok, headers: [.contentType: MetricsText.contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: text)))
    }

    private func origin(of request: Request, _ channel: any Channel) -> RequestOrigin {
        let bound = channel.parent?.localAddress?.ipAddress
        let names = request.headers.map { $0.name.canonicalName }
        return RequestOrigin(
            isBoundToLoopback: bound.map { isLoopbackAddress($0[...]) } ?? false, host: request.head.authority,
            isForwarded: names.contains {
                $0 == "via" || $0 == "forwarded" || $0 == "x-real-ip" || $0.hasPrefix("x-forwarded-")
            },
            peer: channel.remoteAddress?.ipAddress)
    }
}

/// One endpoint at the moment of the question.
private struct EndpointMetrics {
    let state: EndpointState
    let counters: EndpointCounters
    let statistics: InferenceStatistics
    let batching: BatchingVerdict?
    /// As Triton labels them.
    let model: MetricLabels
    let endpoint: MetricLabels

    init(_ name: String, _ state: EndpointState, on service: InferenceService) {
        self.state = state
        counters = state.counters
        statistics = InferenceStatistics(state.counters)
        batching = state.live.map { service.batching(of: $0, at: state.record) }
        model = MetricLabels(["model": name, "version": state.versionText])
        endpoint = MetricLabels(["endpoint": name])
    }

    /// Whether anybody has asked here; else what there is to say is that it is there.
    var isUsed: Bool { counters.accepted > 0 || RefusalCause.allCases.contains { counters.refused($0) > 0 } }

    func refused(_ causes: [RefusalCause]) -> Int { causes.reduce(0) { $0 + counters.refused($1) } }
}

/// Everything that is counted, under Triton's names and under ours.
///
/// - Parameter principal: Who asks: what they may see is told. `nil` for somebody to whom everything is open.
func metricsText(of service: InferenceService, for principal: Principal? = nil) -> [UInt8] {
    let text = MetricsText()
    let all = service.table.endpoints(for: principal).map { EndpointMetrics($0.name, $0.state, on: service) }
    let used = all.filter(\.isUsed)
    write(tritonsCountersOf: used, into: text)
    text.family("slipway_endpoint_ready", .gauge, "Whether a proven version answers.")
    for one in all { text.sample("slipway_endpoint_ready", one.endpoint, one.state.live == nil ? 0 : 1) }
    write(requestsOf: used, into: text)
    write(timesOf: used, into: text)
    write(batchesOf: used, into: text)
    write(cachesOf: used, into: text)
    return text.bytes
}

private func write(tritonsCountersOf endpoints: [EndpointMetrics], into text: MetricsText) {
    let counters: [(name: String, help: String, value: (EndpointMetrics) -> Int)] = [
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
    for (name, help, value) in counters {
        let isOfCaches = name.hasPrefix("nv_cache")
        let concerned =
            isOfCaches ? endpoints.filter { $0.state.cache != nil || $0.counters.cacheMisses > 0 } : endpoints
        guard !concerned.isEmpty else { continue }
        text.family(name, .counter, help)
        for one in concerned { text.sample(name, one.model, value(one)) }
    }
    let failure = "nv_inference_request_failure"
    text.family(failure, .counter, "Requests without a prediction, by reason.")
    for one in endpoints {
        let rejected: [RefusalCause] = [.queueFull, .share, .rate, .wouldMissDeadline, .standingQueue]
        for (reason, count) in [
            ("REJECTED", one.refused(rejected)), ("CANCELED", one.refused([.abandoned])),
            ("OTHER", one.refused([.deadline])), ("BACKEND", one.counters.failedRunning),
        ] {
            text.sample(failure, one.model.with("reason", reason), count)
        }
    }
    let pending = "nv_inference_pending_request_count"
    text.family(pending, .gauge, "Requests that wait.")
    for one in endpoints {
        text.sample(pending, one.model, one.state.admission.waiting)
    }
}

private func write(requestsOf endpoints: [EndpointMetrics], into text: MetricsText) {
    text.family("slipway_requests_total", .counter, "Requests that were answered, by outcome.")
    for one in endpoints {
        text.sample("slipway_requests_total", one.endpoint.with("outcome", "success"), one.counters.succeeded)
        text.sample("slipway_requests_total", one.endpoint.with("outcome", "failure"), one.counters.failed)
    }
    text.family(
        "slipway_requests_refused_total", .counter,
        "Requests that were not computed, by cause: on arrival, or after a wait.")
    for one in endpoints {
        for cause in RefusalCause.allCases where one.counters.refused(cause) > 0 {
            text.sample(
                "slipway_requests_refused_total", one.endpoint.with("cause", cause.rawValue),
                one.counters.refused(cause))
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
        for one in endpoints { text.sample(name, one.endpoint, value(one)) }
    }
}

private func write(timesOf endpoints: [EndpointMetrics], into text: MetricsText) {
    let stages = "slipway_stage_seconds_total"
    text.family(stages, .counter, "Where the time of predictions went.")
    for one in endpoints {
        let counters = one.counters
        for (stage, nanoseconds) in [
            ("decode", counters.decodeNanoseconds), ("queue", counters.queueNanoseconds),
            ("batch", counters.assemblyNanoseconds + counters.splittingNanoseconds),
            ("compute", counters.runNanoseconds), ("encode", counters.encodeNanoseconds),
        ] {
            text.sample(stages, one.endpoint.with("stage", stage), nanoseconds: nanoseconds)
        }
    }
    let name = "slipway_request_duration_seconds"
    text.family(name, .histogram, "From the first byte decoded to the last one encoded, of predictions that were made.")
    for one in endpoints {
        // Buckets first: what comes in between is in neither of the other two.
        let buckets = one.counters.latencies.cumulative
        for (bound, count) in buckets {
            text.sample("\(name)_bucket", one.endpoint.with("le", bound.map(secondsText) ?? "+Inf"), count)
        }
        text.sample("\(name)_sum", one.endpoint, nanoseconds: one.counters.deliveryNanoseconds)
        text.sample("\(name)_count", one.endpoint, buckets.last?.count ?? 0)
    }
}

private func write(batchesOf endpoints: [EndpointMetrics], into text: MetricsText) {
    text.family("slipway_engine_calls_total", .counter, "Calls of the engine.")
    for one in endpoints { text.sample("slipway_engine_calls_total", one.endpoint, one.statistics.executionCount) }
    text.family("slipway_engine_rows_total", .counter, "Rows that it answered.")
    for one in endpoints { text.sample("slipway_engine_rows_total", one.endpoint, one.statistics.inferenceCount) }
    text.family(
        "slipway_batch_row_limit", .gauge, "The most rows of requests that share a call at the moment; 1 where none do."
    )
    for one in endpoints { text.sample("slipway_batch_row_limit", one.endpoint, one.batching?.rowCap ?? 1) }
}

private func write(cachesOf endpoints: [EndpointMetrics], into text: MetricsText) {
    let cached = endpoints.compactMap { one in one.state.cache.map { (one, $0) } }
    guard !cached.isEmpty else { return }
    text.family("slipway_cache_requests_total", .counter, "Requests that were looked for, by what came of it.")
    for (one, _) in cached {
        text.sample("slipway_cache_requests_total", one.endpoint.with("result", "hit"), one.counters.cacheHits)
        text.sample("slipway_cache_requests_total", one.endpoint.with("result", "miss"), one.counters.cacheMisses)
    }
    text.family("slipway_cache_bytes", .gauge, "What kept answers take of the memory.")
    for (one, cache) in cached { text.sample("slipway_cache_bytes", one.endpoint, cache.contents.bytes) }
    text.family("slipway_cache_limit_bytes", .gauge, "What they may take.")
    for (one, cache) in cached { text.sample("slipway_cache_limit_bytes", one.endpoint, cache.byteLimit) }
    text.family("slipway_cache_answers", .gauge, "Answers that are kept.")
    for (one, cache) in cached { text.sample("slipway_cache_answers", one.endpoint, cache.contents.entries) }
}

extension InferenceStatistics.Times {
    fileprivate var microseconds: Int { nanoseconds / 1000 }
}
