// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import PredictionLogging
internal import Synchronization

/// One endpoint at the moment of the question.
struct EndpointMetrics {
    let name: String
    let state: EndpointState
    let counters: EndpointCounters
    let statistics: InferenceStatistics
    let batching: BatchingVerdict?
    /// What became of its predictions on their way to the log; `nil` where nothing is kept.
    let log: LogCounters?

    init(_ name: String, _ state: EndpointState, on service: InferenceService, keptBy log: PredictionLog?) {
        self.name = name
        self.state = state
        counters = state.counters
        statistics = InferenceStatistics(state.counters)
        batching = state.live.map { service.batching(of: $0, at: state.record) }
        self.log = log?.counters(of: state.record.name, in: state.record.project)
    }

    /// Whether anybody has asked here; else what there is to say is that it is there.
    var isUsed: Bool { counters.accepted > 0 || RefusalCause.allCases.contains { counters.refused($0) > 0 } }
    var hasCache: Bool { state.cache != nil || counters.cacheMisses > 0 }

    func refused(_ causes: [RefusalCause]) -> Int { causes.reduce(0) { $0 + counters.refused($1) } }
}

/// What has series of its own: an endpoint, or together all that have none.
struct EndpointSeries {
    /// What the others are called. No endpoint can have the name.
    static let others = "_other"

    let members: [EndpointMetrics]
    let endpoint: MetricLabels
    /// As Triton labels them, and KServe.
    let model: MetricLabels
    let modelName: MetricLabels
    /// The endpoint; `nil` for several.
    var only: EndpointMetrics? { isOthers ? nil : members.first }
    private let isOthers: Bool

    init(_ endpoint: EndpointMetrics) {
        self.init([endpoint], name: endpoint.name, version: endpoint.state.versionText, isOthers: false)
    }

    init(others: [EndpointMetrics]) {
        self.init(others, name: Self.others, version: "", isOthers: true)
    }

    private init(_ members: [EndpointMetrics], name: String, version: String, isOthers: Bool) {
        self.members = members
        self.isOthers = isOthers
        endpoint = MetricLabels(["endpoint": name])
        model = MetricLabels(["model": name, "version": version])
        modelName = MetricLabels(["model_name": name])
    }

    func sum(_ value: (EndpointMetrics) -> Int) -> Int { members.reduce(0) { $0 + value($1) } }

    /// How many took at most so long, in nanoseconds; the last one has no bound.
    func buckets(_ histogram: (EndpointCounters) -> LatencyHistogram) -> [(bound: Int?, count: Int)] {
        members.dropFirst().reduce(histogram(members[0].counters).cumulative) { sum, member in
            zip(sum, histogram(member.counters).cumulative).map { ($0.bound, $0.count + $1.count) }
        }
    }

    /// One for each bucket that has one; empty where there is none at all.
    func exemplars() -> [MetricExemplar?] {
        members.reduce([]) { known, member in
            let own = member.counters.exemplars.all.map { $0.map(MetricExemplar.init) }
            return known.isEmpty ? own : own.isEmpty ? known : zip(known, own).map { $0 ?? $1 }
        }
    }
}

/// Which endpoints have series of their own. Each series costs whoever collects them, for as long as that keeps them: so
/// the first ones have some until they are gone, and the others share one.
final class SeriesNames: Sendable {
    private let limit: Int
    private let named = Mutex<Set<String>>([])

    init(limit: Int) { self.limit = limit }

    /// - Parameters:
    ///   - endpoints: Those to tell of.
    ///   - existing: The names of all that there are, to whom the room belongs.
    func series(of endpoints: [EndpointMetrics], among existing: some Collection<String>) -> [EndpointSeries] {
        let named = named.withLock { named in
            named.formIntersection(existing)
            for endpoint in endpoints where named.count < limit { named.insert(endpoint.name) }
            return named
        }
        let others = endpoints.filter { !named.contains($0.name) }
        return endpoints.filter { named.contains($0.name) }.map(EndpointSeries.init)
            + (others.isEmpty ? [] : [EndpointSeries(others: others)])
    }
}

extension MetricExemplar {
    /// From one clock to the other, once: a moment is the same at every question.
    private static let offset = currentNanosecondsSince1970() - Moment.now.nanoseconds

    fileprivate init(_ exemplar: LatencyExemplars.Exemplar) {
        let labels = MetricLabels(["prediction_id": "\(exemplar.prediction)"])
        self.init(
            labels: exemplar.trace.map { labels.with("trace_id", "\($0)") } ?? labels,
            nanoseconds: exemplar.nanoseconds,
            nanosecondsSince1970: exemplar.moment.nanoseconds + Self.offset)
    }
}
