// SPDX-License-Identifier: Apache-2.0
package import ModelExecution
internal import Synchronization

/// What endpoints did lately, from looks at their counters now and then: a minute of them is kept.
///
/// What nobody asked has no part in a look, so that a thousand quiet endpoints cost nothing.
package final class RecentTraffic: Sendable {
    /// How often to look, and how many looks are kept.
    package static let lookEvery = Duration.seconds(10)
    private static let looks = 6

    private let kept: Mutex<[Look]>

    fileprivate struct Look {
        let moment: Moment
        var counts: [ObjectIdentifier: Counts] = [:]
        /// Keeps the identifiers from being given to others.
        var owners: [EndpointCounters] = []
    }

    fileprivate struct Counts {
        var answered = 0
        var failed = 0
        var refused = 0
        var latencies = [Int](repeating: 0, count: LatencyHistogram.bucketCount)
    }

    /// What an endpoint did since the first of the looks that are kept.
    package struct Window: Sendable {
        package let nanoseconds: Int
        package let answered: Int
        package let failed: Int
        package let refused: Int
        /// By bucket of ``LatencyHistogram``.
        package let latencies: [Int]
    }

    /// - Parameter start: From when on everything is counted.
    package init(from start: Moment) { kept = Mutex([Look(moment: start)]) }

    package func look(at table: ServingTable, at moment: Moment) {
        var look = Look(moment: moment)
        for state in table.endpoints.values where state.counters.isUsed {
            look.counts[ObjectIdentifier(state.counters)] = Counts(state.counters)
            look.owners.append(state.counters)
        }
        kept.withLock { kept in
            kept.append(look)
            // One more, so that there is always a whole minute.
            if kept.count > Self.looks + 1 { kept.removeFirst() }
        }
    }

    package func window(of state: EndpointState, at now: Moment) -> Window {
        let (moment, before) = kept.withLock { kept in
            (kept[0].moment, kept[0].counts[ObjectIdentifier(state.counters)] ?? Counts())
        }
        let counts = Counts(state.counters)
        return Window(
            nanoseconds: max(1, now.since(moment)), answered: counts.answered - before.answered,
            failed: counts.failed - before.failed, refused: counts.refused - before.refused,
            latencies: zip(counts.latencies, before.latencies).map { $0 - $1 })
    }
}

extension RecentTraffic.Counts {
    fileprivate init(_ counters: EndpointCounters) {
        failed = counters.failed
        answered = counters.answered
        refused = RefusalCause.allCases.reduce(0) { $0 + counters.refused($1) }
        latencies = counters.latencies.counts
    }
}

extension EndpointCounters {
    fileprivate var isUsed: Bool { accepted > 0 || RefusalCause.allCases.contains { refused($0) > 0 } }
}
