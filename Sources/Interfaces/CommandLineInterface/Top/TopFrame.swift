// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import WireTypes

/// What `top` shows at one moment.
struct TopFrame: Encodable {
    /// RFC 3339.
    let time: String
    let server: String
    let version: String
    let processID: Int
    let uptimeSeconds: Double
    let residentBytes: Int?
    /// What rates and times are over.
    let seconds: Double
    let requestsPerSecond: Double
    let errorsPerSecond: Double
    let refusalsPerSecond: Double
    let alerts: [AlertV1]?
    /// Those first that do not answer as they should, then the busiest.
    let endpoints: [TrafficRow]

    /// The answer to one question, and when it came.
    struct Look {
        let status: StatusV1
        let at: ContinuousClock.Instant

        init(_ status: StatusV1) {
            self.status = status
            at = .now
        }
    }

    /// - Parameters:
    ///   - before: The look before; without one, or when another process answered it, this is what the server itself has
    ///     seen of the last minute.
    ///   - name: The only endpoint that is meant; `nil` for all.
    init(_ look: Look, since before: Look?, of name: EndpointName?, url: String, at now: Timestamp) {
        let status = look.status
        let known = before.flatMap {
            $0.status.processID == status.processID && $0.status.startedAt == status.startedAt ? $0 : nil
        }
        let seconds = known.map { ($0.at.duration(to: look.at)) / .seconds(1) }
        let earlier = Dictionary(
            (known?.status.endpoints ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let rows = status.endpoints.filter { name == nil || $0.name == name?.rawValue }.map { endpoint in
            guard let seconds, let then = earlier[endpoint.name] else { return TrafficRow(endpoint) }
            return TrafficRow(endpoint, since: then, seconds: seconds)
        }
        time = now.text
        server = url
        version = status.version
        processID = status.processID
        uptimeSeconds = status.uptimeSeconds(at: now)
        residentBytes = status.residentBytes
        self.seconds = seconds ?? status.endpoints.first?.recent?.seconds ?? 0
        requestsPerSecond = rows.reduce(0) { $0 + $1.requestsPerSecond }
        errorsPerSecond = rows.reduce(0) { $0 + $1.errorsPerSecond }
        refusalsPerSecond = rows.reduce(0) { $0 + $1.refusalsPerSecond }
        alerts = status.alerts?.filter { name == nil || $0.endpoint == name?.rawValue }
        endpoints = rows.sorted {
            ($0.urgency, $0.requestsPerSecond, $1.endpoint) > ($1.urgency, $1.requestsPerSecond, $0.endpoint)
        }
    }
}

extension TrafficRow {
    /// Whether somebody should look at it before others.
    fileprivate var urgency: Int {
        switch state {
        case .failing: 2
        case .behind, .problem: 1
        case .ready, .cold, .loading: 0
        }
    }
}

extension StatusV1 {
    /// As far as the clocks of both machines agree.
    func uptimeSeconds(at now: Timestamp) -> Double {
        Timestamp(startedAt).map { max(0, Double(now.microseconds - $0.microseconds) / 1e6) } ?? 0
    }
}

/// `2 open: error_rate/churn (critical), log_drops/churn (warning)`
func alertsText(_ alerts: [AlertV1]) -> String {
    guard !alerts.isEmpty else { return "none open" }
    let most = 3
    let named = alerts.prefix(most).map { alert in
        "\(alert.key) (\(alert.severity)\(alert.silencedUntil == nil ? "" : ", silenced"))"
    }
    let more = alerts.count > most ? ", …" : ""
    return "\(alerts.count) open: \(named.joined(separator: ", "))\(more)".printable
}
