// SPDX-License-Identifier: Apache-2.0
internal import DriftDetection
package import ModelDomain
internal import Statistics

/// What the newest windows say, as alerts are made of it.
extension TrafficMonitor: AlertMonitor {
    package func findings(open: [Alert], at _: Timestamp) async -> [AlertFinding] {
        do {
            let endpoints = endpoints()
            let verdicts = try await newestVerdicts(of: endpoints.map(\.key))
            var findings: [AlertFinding] = []
            for endpoint in endpoints {
                guard let judged = verdicts[endpoint.key] else { continue }
                findings += violations(judged, endpoint)
            }
            let violated = Set(findings.map(\.key))
            return findings
                + open.filter { Self.kinds.contains($0.key.kind) && !violated.contains($0.key) }
                .compactMap { alert in ending(alert, endpoints, verdicts) }
        } catch {
            // What cannot be read stays as it is; whoever publishes says so.
            return []
        }
    }

    private static let kinds: [AlertKind] = [.drift, .dataQuality]
    private static let versionName = "version"

    /// What an open alert of which no violation is found comes to.
    private func ending(
        _ alert: Alert, _ endpoints: [MonitoredEndpoint], _ verdicts: [TrafficKey: JudgedWindow]
    ) -> AlertFinding? {
        guard
            let endpoint = endpoints.first(where: {
                $0.key.endpoint.rawValue == alert.key.subject && $0.key.project == alert.project
            })
        else { return AlertFinding(alert.key, project: alert.project, .gone) }
        // What is said of another version says nothing of the one that answers now.
        guard alert.evidence.first(where: { $0.name == Self.versionName })?.value == endpoint.version else {
            return AlertFinding(alert.key, project: alert.project, .gone)
        }
        guard let verdict = verdicts[endpoint.key]?.verdict, verdict.state == .judged else { return nil }
        return AlertFinding(alert.key, project: alert.project, .clean)
    }

    private func violations(_ judged: JudgedWindow, _ endpoint: MonitoredEndpoint) -> [AlertFinding] {
        let (verdict, name) = (judged.verdict, endpoint.key.endpoint.rawValue)
        let next = "slipway drift \(name)"
        let window = [
            AlertEvidence(Self.versionName, endpoint.version),
            AlertEvidence("window", "\(judged.window.start.text) to \(judged.window.end.text)"),
            AlertEvidence("rows", String(verdict.rows)),
        ]
        var findings = verdict.columns.compactMap { column -> AlertFinding? in
            guard let severity = column.qualityLevel.severity else { return nil }
            return AlertFinding(
                AlertKey(.dataQuality, name, column: column.name), project: endpoint.key.project, .violated(severity),
                summary: column.qualitySummary(of: name), evidence: window + column.faults.map(\.evidence),
                normal: "the rate of the baseline, and less than one percentage point more", next: next)
        }
        let drifted = verdict.columns.filter { $0.driftLevel != .ok }
        if verdict.globalLevel != .ok {
            findings.append(
                AlertFinding(
                    AlertKey(.drift, name), project: endpoint.key.project,
                    .violated(drifted.compactMap(\.driftLevel.severity).max() ?? .warning),
                    summary:
                        "\(drifted.count) columns of \(name) drift at once: look at the pipeline, a unit or a time zone first",
                    evidence: window + drifted.map(\.driftEvidence),
                    normal: "of 30 columns at most one, and once in the stated time", next: next))
            // They would say the same so many times.
            return findings
        }
        findings += drifted.compactMap { column -> AlertFinding? in
            guard let severity = column.driftLevel.severity else { return nil }
            return AlertFinding(
                AlertKey(.drift, name, column: column.name), project: endpoint.key.project, .violated(severity),
                summary: "“\(column.name)” of \(name) drifts: "
                    + (column.part == .input
                        ? "it is not what it was in training" : "the model answers other than it did"),
                evidence: window + column.numbers, normal: "an adjusted stability index below 0.1", next: next)
        }
        let slow = verdict.slowDrift.filter { name in !drifted.contains { $0.name == name } }
        findings += slow.map { column in
            AlertFinding(
                AlertKey(.drift, name, column: column), project: endpoint.key.project, .violated(.warning),
                summary: "“\(column)” of \(name) drifts slowly: no window shows it, all of them together do",
                evidence: window, normal: "differences that chance explains", next: next)
        }
        return findings
    }
}

extension Statistics.AlertLevel.Level {
    fileprivate var severity: AlertSeverity? {
        switch self {
        case .ok: nil
        case .warning: .warning
        case .critical: .critical
        }
    }
}

extension ColumnVerdict {
    fileprivate func qualitySummary(of endpoint: String) -> String {
        guard let worst = faults.first else {
            return "“\(name)” of \(endpoint) had bad values in windows before this one"
        }
        let what =
            switch worst.kind {
            case .missing: "is missing in"
            case .newCategory: "has a value that training did not have in"
            case .outOfRange: "is beyond what training had in"
            case .nonFinite: "is infinite in"
            case .type: "has another type in"
            }
        return "“\(name)” of \(endpoint) \(what) \(percent(worst.rate)) of the rows"
    }

    fileprivate var driftEvidence: AlertEvidence {
        AlertEvidence(name, adjustedStability.map { "adjusted stability index \(short($0))" } ?? "drifted before")
    }

    fileprivate var numbers: [AlertEvidence] {
        [
            adjustedStability.map { AlertEvidence("adjusted stability index", short($0)) },
            stability.map { AlertEvidence("stability index", short($0)) },
            adjustedPValue.map { AlertEvidence("adjusted p", short($0)) },
            AlertEvidence("overdispersion", short(overdispersion)),
        ].compactMap { $0 }
    }
}

extension QualityFault {
    fileprivate var evidence: AlertEvidence {
        AlertEvidence(
            kind.rawValue,
            "\(percent(rate)) of the rows, \(percent(baselineRate)) in the baseline, at least \(percent(leastRise)) more"
        )
    }
}

/// Three digits that say something.
private func short(_ number: Double) -> String {
    guard number != 0, number.isFinite else { return "\(number)" }
    var (mantissa, exponent) = (abs(number), 0)
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let rounded = (mantissa * 100).rounded() / 100 * (number < 0 ? -1 : 1)
    guard (-4...5).contains(exponent) else { return "\(rounded)e\(exponent)" }
    let places = max(0, 2 - exponent)
    let scale = power(10, places)
    return "\((number * scale).rounded() / scale)"
}

private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { result, _ in result * base }
}
