// SPDX-License-Identifier: Apache-2.0

/// When each request is to be sent: evenly spaced, whatever the server does.
package struct LoadSchedule: Sendable, Equatable {
    /// The most requests of one run.
    package static let countLimit = 1_000_000_000

    package let requestsPerSecond: Double
    package let count: Int

    /// As many requests as fit into `seconds`, one at least.
    ///
    /// - Precondition: both are finite and more than nothing, and their product is at most ``countLimit``.
    package init(requestsPerSecond: Double, seconds: Double) {
        let wanted = (requestsPerSecond * seconds).rounded()
        precondition(requestsPerSecond > 0 && seconds > 0 && wanted <= Double(Self.countLimit), "not a load")
        self.requestsPerSecond = requestsPerSecond
        count = max(Int(wanted), 1)
    }

    /// Nanoseconds from the start to the moment that request `index` is to be sent. Counted from the start each time,
    /// so that no rounding adds up.
    package func due(_ index: Int) -> Int { Int((Double(index) * 1e9 / requestsPerSecond).rounded()) }

    /// How many requests are due in the first nanoseconds.
    func dueCount(before nanoseconds: Int) -> Int {
        guard nanoseconds > 0 else { return 0 }
        return min(count, Int((Double(nanoseconds) * requestsPerSecond / 1e9).rounded(.up)))
    }

    /// Nanoseconds from the start to the moment that the next request would be due.
    package var nanoseconds: Int { due(count) }
}

/// A run in pieces that take turns: A B A B …, so that what changes on the machine meanwhile falls on all alike.
package struct Alternation: Sendable, Equatable {
    /// Which target each piece is for.
    package let turns: [Int]
    package let secondsEach: Double

    /// One piece for a single target; for several, pieces of about a second, two to thirty for each.
    ///
    /// - Parameter seconds: For each target, all its pieces together.
    package init(targets: Int, seconds: Double) {
        let pieces = targets == 1 ? 1 : Int(min(max(seconds, 2), 30))
        turns = (0..<pieces * targets).map { $0 % targets }
        secondsEach = seconds / Double(pieces)
    }
}
