// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What the signals of all servers amount to, rule by rule.
///
/// A share violates its limit when even the least share that goes with the numbers does (``leastShare(_:of:)``), and there
/// were enough requests: one failed request of three is no alert. It is clean when the share itself is below the limit, or
/// when nothing at all went wrong in a whole window, however little there was. What lies between is undecided.
package struct AlertRules: Sendable {
    package let thresholds: AlertThresholds
    private var window: SignalWindow

    package init(_ thresholds: AlertThresholds = AlertThresholds()) {
        self.thresholds = thresholds
        window = SignalWindow(looks: thresholds.looks)
    }

    /// Looks once.
    ///
    /// - Parameters:
    ///   - signals: Of every server that lives.
    ///   - open: The alerts that are open: those whose endpoint or machine is gone are over.
    ///   - time: For what ends at a date.
    package mutating func findings(
        _ signals: [ReplicaSignals], open: [Alert], at time: Timestamp
    ) -> [AlertFinding] {
        window.add(signals)
        let byName = Dictionary(grouping: signals.flatMap { replica in replica.endpoints.map { (replica, $0) } }) {
            $0.1.name
        }
        let endpoints = byName.sorted { $0.key < $1.key }.flatMap { findings($0.key, $0.value) }
        let machines = Dictionary(grouping: signals, by: \.host).sorted { $0.key < $1.key }.flatMap { host, servers in
            [disk(host, servers), certificate(host, servers, at: time)].compactMap(\.self)
        }
        let isComplete = signals.allSatisfy(\.isComplete) && !signals.isEmpty
        let hosts = Set(signals.map(\.host))
        let gone = open.filter { alert in
            guard isComplete else { return false }
            return alert.project == nil ? !hosts.contains(alert.key.subject) : byName[alert.key.subject] == nil
        }
        return endpoints + machines + gone.map { AlertFinding($0.key, project: $0.project, .gone) }
    }

    private func findings(
        _ name: String, _ servers: [(replica: ReplicaSignals, endpoint: EndpointSignals)]
    ) -> [AlertFinding] {
        let project = ProjectName(rawValue: servers[0].endpoint.project) ?? .standard
        let sum = window.sum(of: name)
        return [
            errorRate(name, project, sum), refusals(name, project, sum),
            latency(name, project, sum, objective: servers.compactMap(\.endpoint.objective).max()),
            readiness(name, project, servers), workers(name, project, sum), logDrops(name, project, sum),
        ].compactMap(\.self)
    }

    // MARK: Endpoints

    private func errorRate(_ name: String, _ project: ProjectName, _ sum: SignalWindow.Sum) -> AlertFinding {
        let limits = thresholds.errorShare
        return AlertFinding(
            AlertKey(.errorRate, name), project: project,
            level(sum.failed, of: sum.answered, limits, least: thresholds.leastRequests),
            summary: "\(percent(share(sum.failed, sum.answered))) of the requests to “\(name)” fail.",
            evidence: [
                AlertEvidence("requests", "\(sum.answered)"), AlertEvidence("failed", "\(sum.failed)"),
                AlertEvidence("share", percent(share(sum.failed, sum.answered))),
                AlertEvidence("at least", percent(leastShare(sum.failed, of: sum.answered))),
                AlertEvidence("over", thresholds.windowText),
            ], normal: "less than \(percent(limits.warning)) fail", next: "slipway logs --lines 100")
    }

    private func refusals(_ name: String, _ project: ProjectName, _ sum: SignalWindow.Sum) -> AlertFinding {
        let limits = thresholds.refusedShare
        let came = sum.answered + sum.refused
        return AlertFinding(
            AlertKey(.refusals, name), project: project,
            level(sum.refused, of: came, limits, least: thresholds.leastRequests),
            summary: "\(percent(share(sum.refused, came))) of the requests to “\(name)” are refused: "
                + "more comes than can be answered.",
            evidence: [
                AlertEvidence("requests", "\(came)"), AlertEvidence("refused", "\(sum.refused)"),
                AlertEvidence("share", percent(share(sum.refused, came))),
                AlertEvidence("over", thresholds.windowText),
            ], normal: "less than \(percent(limits.warning)) are refused", next: "slipway endpoint show \(name)")
    }

    /// - Returns: `nil` where nobody has said how long answers may take.
    private func latency(
        _ name: String, _ project: ProjectName, _ sum: SignalWindow.Sum, objective: Int?
    ) -> AlertFinding? {
        guard let objective = objective.flatMap({ TimeSpan(nanoseconds: $0) }) else {
            // The objective was taken back: what was open about it is over.
            return AlertFinding(AlertKey(.latency, name), project: project, .gone)
        }
        let limits = thresholds.slowShare
        return AlertFinding(
            AlertKey(.latency, name), project: project,
            level(sum.slow, of: sum.timed, limits, least: thresholds.leastTimed),
            summary:
                "“\(name)” takes longer than \(objective) for \(percent(share(sum.slow, sum.timed))) of the requests.",
            evidence: [
                AlertEvidence("requests", "\(sum.timed)"), AlertEvidence("slower", "\(sum.slow)"),
                AlertEvidence("objective", "p99 ≤ \(objective)"), AlertEvidence("over", thresholds.windowText),
            ], normal: "99 % take at most \(objective)", next: "slipway endpoint show \(name)")
    }

    private func readiness(
        _ name: String, _ project: ProjectName, _ servers: [(replica: ReplicaSignals, endpoint: EndpointSignals)]
    ) -> AlertFinding {
        let judged = servers.filter(\.replica.isComplete)
        let failing = judged.filter { !$0.endpoint.answers || $0.endpoint.problem != nil }
        let dead = failing.filter { !$0.endpoint.answers }
        let level: AlertLevel =
            if !failing.isEmpty {
                .violated(dead.isEmpty ? .warning : .critical)
            } else {
                judged.count == servers.count ? .clean : .undecided
            }
        let worst = dead.first ?? failing.first
        return AlertFinding(
            AlertKey(.notReady, name), project: project, level,
            summary: dead.isEmpty
                ? "“\(name)” answers with another version than the one that is wanted."
                : "Nothing answers at “\(name)”.",
            evidence: [
                AlertEvidence("servers", "\(failing.count) of \(servers.count)"),
                AlertEvidence("because", worst?.endpoint.problem ?? "no version has been proven"),
            ], normal: "the version that is wanted answers", next: "slipway endpoint show \(name)", isCertain: false)
    }

    private func workers(_ name: String, _ project: ProjectName, _ sum: SignalWindow.Sum) -> AlertFinding {
        let limits = thresholds.workerLosses
        let level: AlertLevel =
            switch Double(sum.losses) {
            case limits.critical...: .violated(.critical)
            case limits.warning...: .violated(.warning)
            default: quiet
            }
        return AlertFinding(
            AlertKey(.workerRestarts, name), project: project, level,
            summary: "Processes of the model at “\(name)” ended \(sum.losses) times by themselves.",
            evidence: [AlertEvidence("ended", "\(sum.losses)"), AlertEvidence("over", thresholds.windowText)],
            normal: "fewer than \(Int(limits.warning)) in \(thresholds.windowText)", next: "slipway logs --lines 100")
    }

    private func logDrops(_ name: String, _ project: ProjectName, _ sum: SignalWindow.Sum) -> AlertFinding {
        AlertFinding(
            AlertKey(.logDrops, name), project: project, sum.logDrops > 0 ? .violated(.warning) : quiet,
            summary: "\(sum.logDrops) predictions of “\(name)” were not written down.",
            evidence: [AlertEvidence("dropped", "\(sum.logDrops)"), AlertEvidence("over", thresholds.windowText)],
            normal: "every prediction is written down", next: "slipway doctor")
    }

    // MARK: Machines

    private func disk(_ host: String, _ servers: [ReplicaSignals]) -> AlertFinding? {
        let found = servers.compactMap { server in
            server.freeBytes.flatMap { free in server.totalBytes.map { (free: free, total: max(1, $0)) } }
        }
        guard let (free, total) = found.min(by: { $0.free < $1.free }) else { return nil }
        /// Both have to be small: a twentieth of a large disk is much.
        func isBelow(_ share: Double, _ bytes: Double) -> Bool {
            Double(free) < min(share * Double(total), bytes)
        }
        let (shares, bytes) = (thresholds.freeShare, thresholds.freeBytes)
        let level: AlertLevel =
            if isBelow(shares.critical, bytes.critical) {
                .violated(.critical)
            } else if isBelow(shares.warning, bytes.warning) {
                .violated(.warning)
            } else {
                // Around the limit it would come and go.
                isBelow(1.2 * shares.warning, 1.2 * bytes.warning) ? .undecided : .clean
            }
        return AlertFinding(
            AlertKey(.disk, host), project: nil, level,
            summary: "\(bytesText(free)) are left where \(host) keeps its data.",
            evidence: [
                AlertEvidence("free", bytesText(free)), AlertEvidence("of", bytesText(total)),
                AlertEvidence("share", percent(Double(free) / Double(total))),
            ],
            normal: "at least \(percent(shares.warning)) are free, or \(bytesText(Int(bytes.warning)))",
            next: "slipway gc")
    }

    private func certificate(_ host: String, _ servers: [ReplicaSignals], at time: Timestamp) -> AlertFinding? {
        guard let end = servers.compactMap(\.certificateEnd).min().map(Timestamp.init(microseconds:)) else {
            return nil
        }
        let limits = thresholds.certificateDays
        let days = Double(end.microseconds - time.microseconds) / 86_400_000_000
        let level: AlertLevel =
            if days < limits.critical {
                .violated(.critical)
            } else {
                days < limits.warning ? .violated(.warning) : .clean
            }
        return AlertFinding(
            AlertKey(.certificate, host), project: nil, level,
            summary: days < 0
                ? "The certificate of \(host) has ended." : "The certificate of \(host) ends in \(Int(days)) days.",
            evidence: [AlertEvidence("ends", end.text)],
            normal: "it holds for at least \(Int(limits.warning)) days", next: "slipway doctor")
    }

    // MARK: Shares

    private func share(_ count: Int, _ total: Int) -> Double { total == 0 ? 0 : Double(count) / Double(total) }

    /// What nothing amounts to. A server that has just started knows nothing of what was before.
    private var quiet: AlertLevel { window.isFull ? .clean : .undecided }

    private func level(_ count: Int, of total: Int, _ limits: AlertLimits, least: Int) -> AlertLevel {
        guard total >= least else { return count == 0 ? quiet : .undecided }
        let certain = leastShare(count, of: total)
        if certain >= limits.critical { return .violated(.critical) }
        if certain >= limits.warning { return .violated(.warning) }
        return share(count, total) < limits.warning ? .clean : .undecided
    }
}
