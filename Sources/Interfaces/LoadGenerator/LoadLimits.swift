// SPDX-License-Identifier: Apache-2.0

/// When a run is given up before its end, because it can no longer come out well: load beyond what a server can bear
/// is sent no longer than it takes to see that.
package struct LoadLimits: Sendable, Equatable {
    /// So many requests of a run may take longer than a time.
    package struct Latency: Sendable, Equatable {
        package let nanoseconds: Int
        package let allowed: Int

        package init(nanoseconds: Int, allowed: Int) {
            self.nanoseconds = nanoseconds
            self.allowed = allowed
        }
    }

    package let latencies: [Latency]
    /// How many may stay without a good answer.
    package let failuresAllowed: Int

    package init(latencies: [Latency], failuresAllowed: Int) {
        self.latencies = latencies
        self.failuresAllowed = failuresAllowed
    }
}

/// Holds a run against its limits, request by request.
struct LoadWatch {
    private let limits: LoadLimits
    /// Good answers that took longer than each of the limits.
    private var late: [Int]
    private var failures = 0
    /// Requests whose end is known, whatever it was.
    private var ended = 0

    init(_ limits: LoadLimits) {
        self.limits = limits
        late = limits.latencies.map { _ in 0 }
    }

    mutating func noteAnswer(isGood: Bool, latency: Int) {
        ended += 1
        guard isGood else { return failures += 1 }
        for (index, limit) in limits.latencies.enumerated() where latency > limit.nanoseconds { late[index] += 1 }
    }

    mutating func noteLoss() {
        ended += 1
        failures += 1
    }

    /// Whether no further answer can mend it.
    ///
    /// Requests without an answer count as late as soon as they are: a server that stalls answers nothing that could.
    ///
    /// - Parameter elapsed: Nanoseconds since the start.
    func isHopeless(_ schedule: LoadSchedule, elapsed: Int) -> Bool {
        if failures > limits.failuresAllowed { return true }
        return limits.latencies.enumerated().contains { index, limit in
            let overdue = max(0, schedule.dueCount(before: elapsed - limit.nanoseconds) - ended)
            return late[index] + overdue > limit.allowed
        }
    }
}
