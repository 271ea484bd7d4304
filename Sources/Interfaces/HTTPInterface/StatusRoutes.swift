// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import DriftDetection
internal import Foundation
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import ModelMonitoring
internal import ModelRollouts
internal import PredictionLogging
internal import Statistics
internal import WireTypes

/// `/v1/status`: what runs, what answers, and on what evidence.
struct StatusRoutes: Sendable {
    let administration: Administration
    let version: String

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/status", needs: .view, of: .common, "What runs, what answers, and on what evidence.",
                query: [("brief", "true for endpoints without what does not change while a version answers.")],
                gives: StatusV1.self,
                use: status)
        ]
    }

    /// `GET /v1/status?brief=true` → `StatusV1`, with the endpoints and alerts that the token may see.
    @Sendable private func status(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let principal = try context.principal()
        let isBrief = request.uri.queryParameters["brief"].map { $0 == "true" || $0 == "1" } ?? false
        let table = administration.inference.table
        let memory = administration.rollouts.memory
        let alerts = try await administration.alerts?.list(all: false).filter { principal.sees($0.alert) }
        // What cannot be read at the moment is no reason to show nothing of the rest.
        let verdicts = try? await administration.monitor?.newest()
        return try .json(
            StatusV1(
                version: version, processID: Int(ProcessInfo.processInfo.processIdentifier),
                startedAt: administration.startedAt, ready: table.isComplete, engines: administration.engines(),
                endpoints: table.endpoints(for: principal).map { shown in
                    var endpoint = endpoint(shown.state, isBrief: isBrief)
                    endpoint.drift = drift(of: shown.state, verdicts ?? [:])
                    endpoint.quality = quality(of: shown.state, alerts ?? [])
                    return endpoint
                },
                residentBytes: administration.residentBytes(), modelBytes: memory.usedBytes,
                memoryBudgetBytes: memory.budgetBytes, alerts: alerts?.map(AlertV1.init)))
    }

    private func endpoint(_ state: EndpointState, isBrief: Bool) -> EndpointV1 {
        var endpoint = EndpointV1(state, on: administration.inference, isBrief: isBrief)
        endpoint.recent = administration.traffic.map { RecentV1($0.window(of: state, at: .now)) }
        endpoint.durations = durations(state.counters.latencies.counts)
        endpoint.log = administration.predictions.map {
            LogCountsV1($0.log.counters(of: state.record.name, in: state.record.project))
        }
        return endpoint
    }
}

/// `nil` where nothing is watched.
private func drift(of state: EndpointState, _ verdicts: [TrafficKey: WindowVerdict]) -> FindingV1? {
    guard state.record.settings.monitorWindow != nil, let bundle = state.live?.version.bundle else { return nil }
    guard let verdict = verdicts[TrafficKey(state.record.project, state.record.name, bundle)] else {
        return FindingV1(state: "unknown")
    }
    let found = verdict.columns.count { $0.driftLevel != .ok || $0.qualityLevel != .ok }
    let columns = found == 1 ? "1 column" : "\(found) columns"
    switch (verdict.state, verdict.level) {
    case (_, .warning): return FindingV1(state: "warning", text: found == 0 ? "slow" : columns)
    case (_, .critical): return FindingV1(state: "alarm", text: columns)
    case (.judged, .ok): return FindingV1(state: "ok")
    case (.insufficient, .ok): return FindingV1(state: "unknown", text: "few rows")
    case (.measuringNoise(let windows, let of), .ok): return FindingV1(state: "unknown", text: "\(windows) of \(of)")
    }
}

/// `nil` where no alert says anything of it: figures are with `/v1/endpoints/{endpoint}/quality`.
private func quality(of state: EndpointState, _ alerts: [Alerts.Seen]) -> FindingV1? {
    let found = alerts.filter {
        $0.alert.key.kind == .quality && $0.alert.endpoint == state.record.name
            && $0.alert.project == state.record.project
    }
    return found.map(\.alert.severity).max().map { FindingV1(state: $0 == .critical ? "alarm" : "warning") }
}

extension RecentV1 {
    fileprivate init(_ window: RecentTraffic.Window) {
        self.init(
            seconds: Double(window.nanoseconds) / 1e9, answered: window.answered, failed: window.failed,
            refused: window.refused, durations: durations(window.latencies))
    }
}

/// - Parameter counts: By bucket of a ``LatencyHistogram``.
private func durations(_ counts: [Int]) -> [DurationBucketV1] {
    counts.enumerated().filter { $0.element > 0 }.map { index, count in
        let bounds = LatencyHistogram.bounds(of: index)
        return DurationBucketV1(aboveNanoseconds: bounds.above, atMostNanoseconds: bounds.atMost, count: count)
    }
}

extension LogCountsV1 {
    fileprivate init(_ counters: LogCounters) {
        let dropped = DropCause.allCases.map { ($0.rawValue, counters.dropped($0)) }.filter { $0.1 > 0 }
        self.init(
            records: counters.written, bytes: counters.bytes, sampledOut: counters.sampledOut,
            dropped: Dictionary(uniqueKeysWithValues: dropped))
    }
}
