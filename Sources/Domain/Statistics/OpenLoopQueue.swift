// SPDX-License-Identifier: Apache-2.0

/// What requests that arrive by a schedule see of a server that takes them one after the other.
///
/// A client that sends only after an answer waits out a stall and hides it; here latency counts from the time that the
/// schedule says. All times are of one unit.
package struct OpenLoopQueue: Sendable, Hashable {
    /// From the arrival to the end of service; shape `[requests]`.
    package let latencies: [Double]
    /// From the arrival to the beginning of service; shape `[requests]`.
    package let waits: [Double]

    /// - Parameters:
    ///   - arrivals: Ascending; shape `[requests]`.
    ///   - services: How long each takes; shape `[requests]`.
    ///   - workers: Requests served at once, each by the worker that is free first.
    /// - Returns: `nil` without a worker, or when a time, given or found, is not finite.
    /// - Complexity: O(requests · workers).
    package init?(arrivals: [Double], services: [Double], workers: Int) {
        precondition(arrivals.count == services.count)
        guard workers > 0, (arrivals + services).allSatisfy(\.isFinite) else { return nil }
        var free = [Double](repeating: -.infinity, count: min(workers, max(arrivals.count, 1)))
        var (latencies, waits): ([Double], [Double]) = ([], [])
        for (arrival, service) in zip(arrivals, services) {
            let worker = free.indices.reduce(0) { free[$1] < free[$0] ? $1 : $0 }
            let start = max(arrival, free[worker])
            free[worker] = start + service
            latencies.append(free[worker] - arrival)
            waits.append(start - arrival)
        }
        guard (latencies + waits).allSatisfy(\.isFinite) else { return nil }
        self.latencies = latencies
        self.waits = waits
    }

    /// The value at place ⌈share · n⌉ of ascending ones: one that occurred.
    ///
    /// - Returns: `nil` of no values, or when `share` is not within [0, 1].
    package static func nearestRank(_ share: Double, in sorted: [Double]) -> Double? {
        guard share >= 0, share <= 1, !sorted.isEmpty else { return nil }
        // 0.07 · 100 is a little more than 7.
        let place = Int((share * Double(sorted.count) - 1e-9).rounded(.up)) - 1
        return sorted[min(max(place, 0), sorted.count - 1)]
    }
}
