// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The panes of a version: an hour of five minutes each, 48 hours, and 100 days. Whatever the clock does, there are no more.
///
/// A pane counts for the time of its requests, so late ones and a clock that steps back are added where they belong. When there
/// are too many, those of the earliest times go.
package struct PaneSeries: Sendable, Hashable {
    package enum Length: String, CaseIterable, Sendable, Hashable {
        case fiveMinutes = "five_minutes"
        case hour, day

        /// In microseconds.
        package var duration: Int64 {
            switch self {
            case .fiveMinutes: 300_000_000
            case .hour: 3_600_000_000
            case .day: 86_400_000_000
            }
        }

        /// How many are kept.
        package var kept: Int {
            switch self {
            case .fiveMinutes: 12
            case .hour: 48
            case .day: 100
            }
        }

        /// The start of the pane that `time` lies in; UTC.
        package func start(of time: Timestamp) -> Timestamp {
            let rest = time.microseconds % duration
            let back = rest < 0 ? rest + duration : rest
            // The first pane of all time begins where time does.
            let (start, isBefore) = time.microseconds.subtractingReportingOverflow(back)
            return Timestamp(microseconds: isBefore ? .min : start)
        }
    }

    private var panes: [Length: [Timestamp: MonitorPane]] = [:]

    package init() {}

    /// Adds a pane to all three.
    ///
    /// - Parameter time: Any one in its five minutes.
    package mutating func add(_ pane: MonitorPane, at time: Timestamp) {
        for length in Length.allCases { add(pane, at: time, to: length) }
    }

    /// Adds to one of the three only: what was stored is taken up again.
    package mutating func add(_ pane: MonitorPane, at time: Timestamp, to length: Length) {
        var some = panes[length] ?? [:]
        panes[length] = nil
        let start = length.start(of: time)
        // After a change of baseline the counts over the old one are of no use.
        if some[start]?.add(pane) != true { some[start] = pane }
        while some.count > length.kept, let earliest = some.keys.min() { some[earliest] = nil }
        panes[length] = some
    }

    /// The earliest first.
    package func panes(_ length: Length) -> [(start: Timestamp, pane: MonitorPane)] {
        (panes[length] ?? [:]).sorted { $0.key < $1.key }.map { (start: $0.key, pane: $0.value) }
    }

    package func pane(_ length: Length, at time: Timestamp) -> MonitorPane? { panes[length]?[length.start(of: time)] }
}
