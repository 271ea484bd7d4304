// SPDX-License-Identifier: Apache-2.0
internal import WireTypes

/// What an endpoint does at the moment, as `status` and `top` show it.
struct TrafficRow: Encodable, Equatable {
    enum State: String, Encodable {
        /// What is wanted answers.
        case ready
        /// The first request has it loaded.
        case cold
        /// It is on its way.
        case loading
        /// Another version answers than the one that is wanted.
        case behind
        /// It answers, and there is something the matter.
        case problem
        /// Nothing answers.
        case failing
    }

    let endpoint: String
    let project: String
    let model: String
    let version: Int?
    let wantedVersion: Int
    let state: State
    let requestsPerSecond: Double
    let errorsPerSecond: Double
    let refusalsPerSecond: Double
    let p50Microseconds: Double?
    let p99Microseconds: Double?
    let waiting: Int
    /// Predictions that are not in the log though they were to be, since the server started.
    let logDrops: Int?
    let drift: FindingV1?
    let quality: FindingV1?

    /// What the server has seen lately.
    init(_ endpoint: EndpointV1) {
        let recent = endpoint.recent
        self.init(
            endpoint, seconds: recent?.seconds ?? 1, answered: recent?.answered ?? 0, failed: recent?.failed ?? 0,
            refused: recent?.refused ?? 0, p50: recent?.p50Microseconds, p99: recent?.p99Microseconds)
    }

    /// What has come between two looks.
    init(_ endpoint: EndpointV1, since before: EndpointV1, seconds: Double) {
        let (now, then) = (endpoint.requests, before.requests)
        let durations = (endpoint.durations ?? []).since(before.durations ?? [])
        self.init(
            endpoint, seconds: seconds, answered: now.answered - then.answered, failed: now.failed - then.failed,
            refused: now.refused.values.reduce(0, +) - then.refused.values.reduce(0, +),
            p50: durations.quantile(0.5).map { $0 / 1000 }, p99: durations.quantile(0.99).map { $0 / 1000 })
    }

    private init(
        _ endpoint: EndpointV1, seconds: Double, answered: Int, failed: Int, refused: Int, p50: Double?, p99: Double?
    ) {
        let rate = { (count: Int) in Double(max(0, count)) / max(seconds, 0.001) }
        self.endpoint = endpoint.name
        project = endpoint.project
        model = endpoint.model
        version = endpoint.liveVersion
        wantedVersion = endpoint.wantedVersion
        state = State(endpoint)
        requestsPerSecond = rate(answered)
        errorsPerSecond = rate(failed)
        refusalsPerSecond = rate(refused)
        p50Microseconds = p50
        p99Microseconds = p99
        waiting = endpoint.requests.waiting
        logDrops = endpoint.log.map { $0.dropped.values.reduce(0, +) }
        drift = endpoint.drift
        quality = endpoint.quality
    }

    /// `churn@7`; of one that is behind, also what is wanted.
    var answers: String {
        guard let version else { return state == .cold ? "\(model)@\(wantedVersion)" : "–" }
        return "\(model)@\(version)" + (version == wantedVersion ? "" : " (\(wantedVersion) is wanted)")
    }
}

extension TrafficRow.State {
    fileprivate init(_ endpoint: EndpointV1) {
        self =
            switch (endpoint.liveVersion, endpoint.problem) {
            case (nil, _) where endpoint.cold ?? false: .cold
            case (nil, nil): .loading
            case (nil, _): .failing
            case (let version?, _) where version != endpoint.wantedVersion: .behind
            case (_, nil): .ready
            case (_, _?): .problem
            }
    }
}
