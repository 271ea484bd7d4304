// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Which alerts are open, and how near the others are to it: a value that looks go into and changes come out of.
///
/// Of each key one alert is open at a time, however often a look finds the same. It opens when two of the last three looks
/// violate its rule, or one critical look does that is certain; becomes critical when that is so; and is over after three
/// clean looks in a row. A look that is undecided counts as none. The clock decides nothing: only the order of looks does.
package struct AlertBook: Sendable {
    /// Keys that are kept an eye on at a time. Columns come from outside, and may be many.
    package static let keyLimit = 10_000
    private static let looksToOpen = 2
    private static let looksKept = 3
    private static let cleanLooksToEnd = 3

    /// What a look changes. The alerts have the number 0 until they are kept.
    package enum Change: Sendable, Hashable {
        case opened(Alert)
        /// As it is now.
        case escalated(Alert)
        case resolved(Alert)
    }

    fileprivate struct Track {
        /// The newest last, without those that were undecided.
        var looks: [AlertSeverity?] = []
        var cleanLooks = 0
        var open: Alert?
    }

    private var tracks: [AlertKey: Track] = [:]
    /// Findings that were turned away because of ``keyLimit``.
    package private(set) var turnedAway = 0

    package init() {}

    package var openAlerts: [Alert] { tracks.values.compactMap(\.open).sorted { $0.key < $1.key } }
    package var keyCount: Int { tracks.count }

    /// Has those open that are kept as open, and no others: whoever keeps them may have done more than this book knows.
    package mutating func agree(with kept: [Alert]) {
        let kept = Dictionary(kept.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        for (key, track) in tracks where track.open != nil && kept[key] == nil { tracks[key] = nil }
        for (key, alert) in kept { tracks[key, default: Track()].open = alert }
    }

    /// Takes in what one look found, in its order.
    package mutating func look(_ findings: [AlertFinding], at time: Timestamp) -> [Change] {
        findings.compactMap { look($0, at: time) }
    }

    private mutating func look(_ finding: AlertFinding, at time: Timestamp) -> Change? {
        switch finding.level {
        case .undecided: return nil
        case .gone:
            guard let alert = tracks.removeValue(forKey: finding.key)?.open else { return nil }
            return .resolved(alert.resolved(at: time))
        case .clean:
            guard var track = tracks[finding.key] else { return nil }
            defer { keep(track, of: finding.key) }
            track.add(nil, keeping: Self.looksKept)
            track.cleanLooks += 1
            guard track.cleanLooks >= Self.cleanLooksToEnd, let alert = track.open else { return nil }
            track = Track()
            return .resolved(alert.resolved(at: time))
        case .violated(let severity):
            guard tracks[finding.key] != nil || tracks.count < Self.keyLimit else {
                turnedAway += 1
                return nil
            }
            var track = tracks[finding.key] ?? Track()
            defer { tracks[finding.key] = track }
            track.cleanLooks = 0
            track.add(severity, keeping: Self.looksKept)
            guard let reached = track.severity(least: Self.looksToOpen, isCertain: finding.isCertain) else {
                return nil
            }
            guard var alert = track.open else {
                let alert = Alert(finding, severity: reached, at: time)
                track.open = alert
                return .opened(alert)
            }
            guard alert.severity < reached else { return nil }
            alert.escalate(finding, at: time)
            track.open = alert
            return .escalated(alert)
        }
    }

    /// A key about which there is nothing to remember takes no room.
    private mutating func keep(_ track: Track, of key: AlertKey) {
        tracks[key] = track.open == nil && track.looks.allSatisfy { $0 == nil } ? nil : track
    }
}

extension AlertBook.Track {
    fileprivate mutating func add(_ look: AlertSeverity?, keeping count: Int) {
        looks.append(look)
        if looks.count > count { looks.removeFirst() }
    }

    /// What the newest looks amount to; `nil` for too little.
    fileprivate func severity(least: Int, isCertain: Bool) -> AlertSeverity? {
        let violated = looks.compactMap(\.self)
        if isCertain, looks.last == .critical { return .critical }
        if violated.count(where: { $0 == .critical }) >= least { return .critical }
        return violated.count >= least ? .warning : nil
    }
}

extension Alert {
    fileprivate init(_ finding: AlertFinding, severity: AlertSeverity, at time: Timestamp) {
        self.init(
            number: 0, key: finding.key, project: finding.project, severity: severity, summary: finding.summary,
            evidence: finding.evidence, normal: finding.normal, next: finding.next, openedAt: time)
    }

    fileprivate mutating func escalate(_ finding: AlertFinding, at time: Timestamp) {
        severity = .critical
        summary = finding.summary
        evidence = finding.evidence
        normal = finding.normal
        next = finding.next
        escalatedAt = time
    }

    fileprivate func resolved(at time: Timestamp) -> Alert {
        var alert = self
        // A clock that went back ends nothing before it began.
        alert.resolvedAt = max(time, openedAt)
        return alert
    }
}
