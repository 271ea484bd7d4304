// SPDX-License-Identifier: Apache-2.0

/// What has happened at the endpoints of all servers over the last looks, from counters that only grow.
///
/// Of each server the difference to its oldest look in the window; a server that is new begins with its first one, so that
/// what it counted before, and what another counted that it follows, is in no difference.
package struct SignalWindow: Sendable {
    /// The sum over all servers.
    package struct Sum: Sendable, Hashable {
        package var answered = 0
        package var failed = 0
        package var refused = 0
        package var timed = 0
        package var slow = 0
        package var losses = 0
        package var logDrops = 0
    }

    private let looks: Int
    /// By replica, the oldest first.
    private var history: [String: [[String: EndpointSignals]]] = [:]

    /// - Parameter looks: How many differences it spans.
    package init(looks: Int) { self.looks = looks }

    package mutating func add(_ signals: [ReplicaSignals]) {
        let present = Set(signals.map(\.replica))
        for gone in history.keys where !present.contains(gone) { history[gone] = nil }
        for replica in signals {
            var past = history[replica.replica] ?? []
            past.append(Dictionary(replica.endpoints.map { ($0.name, $0) }, uniquingKeysWith: { $1 }))
            if past.count > looks + 1 { past.removeFirst(past.count - looks - 1) }
            history[replica.replica] = past
        }
    }

    /// Whether every server was looked at for as long as it spans: until then that nothing went wrong says little.
    package var isFull: Bool { history.values.allSatisfy { $0.count > looks } }

    package func sum(of endpoint: String) -> Sum {
        var sum = Sum()
        for past in history.values {
            guard past.count > 1, let newest = past.last?[endpoint] else { continue }
            sum.add(newest, since: past[0][endpoint])
        }
        return sum
    }
}

extension SignalWindow.Sum {
    /// - Parameter oldest: `nil` for an endpoint that was made since.
    fileprivate mutating func add(_ newest: EndpointSignals, since oldest: EndpointSignals?) {
        // One that was removed and made again counts anew.
        let before = oldest.flatMap { $0.answered <= newest.answered && $0.timed <= newest.timed ? $0 : nil }
        answered += newest.answered - (before?.answered ?? 0)
        failed += max(0, newest.failed - (before?.failed ?? 0))
        refused += max(0, newest.refused - (before?.refused ?? 0))
        // A new version begins with none.
        losses += newest.losses >= (before?.losses ?? 0) ? newest.losses - (before?.losses ?? 0) : newest.losses
        logDrops += max(0, newest.logDrops - (before?.logDrops ?? 0))
        // What is slow is another thing since the objective was changed.
        guard before == nil || before?.objective == newest.objective else { return }
        timed += newest.timed - (before?.timed ?? 0)
        slow += max(0, newest.slow - (before?.slow ?? 0))
    }
}
