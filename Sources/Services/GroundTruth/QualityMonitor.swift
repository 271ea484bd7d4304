// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelMonitoring
internal import Statistics

/// Finds versions whose answers turn out worse than they were: than their own first ones, or than those of the version
/// before.
///
/// It looks once an hour, at labels of mature predictions only. Looking at the same rows again and again would find
/// something by chance sooner or later.
package actor QualityMonitor: AlertMonitor {
    /// Fewer labels than these, or fewer of the rarest class, say nothing.
    private static let leastLabels = 100
    private static let leastOfAClass = 10
    /// So many labels are compared with as many, at most.
    private static let mostLabels = 2000
    /// Of predictions of the last so many microseconds.
    private static let memory = 90 * Int64(LabelWindows.day)

    private let labels: Labels
    private let interval: Int64
    private var lookedAt: Timestamp?

    package init(_ labels: Labels, every interval: Duration = .seconds(3600)) {
        self.labels = labels
        self.interval = interval.microseconds
    }

    package func findings(open: [Alert], at time: Timestamp) async -> [AlertFinding] {
        if let lookedAt, abs(time.microseconds - lookedAt.microseconds) < interval { return [] }
        lookedAt = time
        // What cannot be read now is read in an hour; the watch itself tells of a database that does not answer.
        guard let endpoints = try? await labels.store.read({ try $0.endpointsWithLabels() }) else { return [] }
        var findings: [AlertFinding] = []
        for endpoint in endpoints {
            if let finding = try? await finding(endpoint, at: time) { findings.append(finding) }
        }
        return findings
    }

    private func finding(_ endpoint: LabelledEndpoint, at time: Timestamp) async throws -> AlertFinding? {
        let rows = try await labels.store.read { store in
            var rows: [LabelledRow] = []
            try store.forEachLabel(
                of: endpoint, from: Timestamp(microseconds: time.microseconds - Self.memory), to: time, version: nil
            ) { rows.append($0) }
            return rows
        }
        let maturing = labels.windows.maturing(rows)
        let mature = rows.filter { maturing.isMature($0.predictedAt, at: time) }
        guard let comparison = Comparison(mature) else { return nil }
        let forms = await labels.forms.forms(
            of: Set([comparison.now, comparison.then].compactMap { $0.first?.bundle }))
        func quality(_ rows: [LabelledRow]) -> Quality? {
            guard let form = rows.first?.bundle.flatMap({ forms[$0] }), form.kind.hasClasses else { return nil }
            return QualityJudge(form, rows).quality
        }
        guard let now = quality(comparison.now), let then = quality(comparison.then),
            now.rows >= Self.leastLabels, now.minority ?? 0 >= Self.leastOfAClass, let current = now["accuracy"],
            let was = then["accuracy"], let limits = current.interval
        else { return nil }
        return finding(endpoint, comparison, current.value, limits, was: was.value, labels: now.rows)
    }

    private func finding(
        _ endpoint: LabelledEndpoint, _ comparison: Comparison, _ value: Double, _ limits: ConfidenceInterval,
        was: Double, labels: Int
    ) -> AlertFinding {
        let level: ModelMonitoring.AlertLevel =
            if limits.upper < was - Self.criticalMargin {
                .violated(.critical)
            } else if limits.upper < was - Self.margin {
                .violated(.warning)
            } else if value >= was - Self.margin {
                .clean
            } else {
                .undecided
            }
        return AlertFinding(
            AlertKey(.quality, endpoint.endpoint.rawValue, column: "accuracy"), project: endpoint.project, level,
            summary:
                "\(percent(value)) of the answers of “\(endpoint.endpoint)” turn out right, after \(percent(was)).",
            evidence: [
                AlertEvidence("version", String(comparison.version)), AlertEvidence("labels", String(labels)),
                AlertEvidence("right", percent(value)),
                AlertEvidence("95 %", "\(percent(limits.lower)) … \(percent(limits.upper))"),
                AlertEvidence("was", "\(percent(was)), \(comparison.source)"),
                AlertEvidence("since", comparison.now.first?.predictedAt.text ?? ""),
            ],
            normal: "no less than \(percent(was - Self.margin)) turn out right",
            next: "slipway quality \(endpoint.endpoint) --by day")
    }

    /// In shares.
    private static let margin = 0.02
    private static let criticalMargin = 0.05

    /// Labels of now, and those that they are held against.
    private struct Comparison {
        let version: Int
        let now: [LabelledRow]
        let then: [LabelledRow]
        /// What ``then`` is, in words.
        let source: String

        /// - Parameter rows: Mature, by the time of their predictions.
        init?(_ rows: [LabelledRow]) {
            guard let newest = rows.last?.version else { return nil }
            let own = rows.filter { $0.version == newest }
            let before = rows.last { $0.version != newest }?.version
            version = newest
            // Its own first ones, once there are enough behind them.
            if own.count >= 2 * leastLabels {
                let first = min(mostLabels, own.count / 2)
                then = Array(own.prefix(first))
                now = Array(own.dropFirst(first).suffix(mostLabels))
                source = "the first \(first) labels of this version"
                return
            }
            guard own.count >= leastLabels, let before else { return nil }
            then = Array(rows.filter { $0.version == before }.suffix(mostLabels))
            guard then.count >= leastLabels else { return nil }
            now = own
            source = "\(then.count) labels of version \(before)"
        }
    }
}

private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
