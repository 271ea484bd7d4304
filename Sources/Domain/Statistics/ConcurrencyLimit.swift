// SPDX-License-Identifier: Apache-2.0

/// How many calls may run at once, found from how long they take: the Gradient2 rule.
///
/// A long average of the times stands for a system that is not overloaded. While calls take at most `tolerance` times as
/// long the limit grows towards what is used, by at most `headroom` a step; beyond, it shrinks in proportion, to half at
/// most:
///
///     gradient = min(1, max(½, tolerance · long / time))
///     limit    = (1 − smoothing) · limit + smoothing · (limit · gradient + headroom), within `range`
///
/// A sample during which less than half of the limit ran says nothing about the limit, and leaves it.
///
/// - SeeAlso: Netflix, *concurrency-limits*, `Gradient2Limit`.
package struct ConcurrencyLimit: Sendable {
    private let range: ClosedRange<Double>
    private let smoothing: Double
    private let headroom: Double
    private let tolerance: Double
    private let warmUp: Int
    /// Share of a new sample in the long average.
    private let weight: Double
    private var estimate: Double
    private var long = 0.0
    private var warmUpSum = 0.0
    private var warmUpCount = 0

    /// - Parameters:
    ///   - range: Least and largest limit, in calls.
    ///   - headroom: Calls that may queue without a reason to shrink.
    ///   - longWindow: Samples over which the long average forgets.
    ///   - warmUp: The first samples, whose plain mean starts it.
    package init(
        initial: Int, range: ClosedRange<Int>, smoothing: Double = 0.2, headroom: Double = 4, tolerance: Double = 1.5,
        longWindow: Int = 600, warmUp: Int = 10
    ) {
        self.range = Double(range.lowerBound)...Double(range.upperBound)
        self.smoothing = smoothing
        self.headroom = headroom
        self.tolerance = tolerance
        self.warmUp = warmUp
        weight = 2 / Double(longWindow + 1)
        estimate = min(max(Double(initial), self.range.lowerBound), self.range.upperBound)
    }

    /// The limit before it is rounded down.
    package var unrounded: Double { estimate }

    package var value: Int { Int(estimate) }

    /// - Parameters:
    ///   - time: How long calls took, in any unit, always the same; what is not above 0 is left out.
    ///   - inFlight: The most calls that ran at once meanwhile.
    package mutating func record(time: Double, inFlight: Int) {
        guard time > 0, time.isFinite else { return }
        if warmUpCount < warmUp {
            warmUpCount += 1
            warmUpSum += time
            long = warmUpSum / Double(warmUpCount)
        } else {
            long = long * (1 - weight) + time * weight
        }
        let reference = long
        // Much faster than before: forget the slow past sooner.
        if long / time > 2 { long *= 0.95 }
        guard Double(inFlight) >= estimate / 2 else { return }
        let gradient = max(0.5, min(1, tolerance * reference / time))
        let next = estimate * (1 - smoothing) + (estimate * gradient + headroom) * smoothing
        estimate = max(range.lowerBound, min(range.upperBound, next))
    }
}
