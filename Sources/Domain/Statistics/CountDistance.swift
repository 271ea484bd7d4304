// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How far two samples lie apart that were counted in the same bins, the reference first.
package struct CountDistance: Sendable, Hashable {
    /// Population stability index, half a row added to every bin: Σ (q − p) ln(q/p), in nats.
    package let stability: Double
    /// What ``stability`` is on average for two samples of one distribution: (K − 1)(1/m + 1/n).
    package let expectedByChance: Double
    /// Half the sum of the differences of shares: between 0 and 1.
    package let totalVariation: Double
    /// The largest difference of shares added up from the first bin on: at most the statistic of Kolmogorov and Smirnov.
    package let kolmogorovSmirnov: Double

    /// What thresholds apply to: a tenth is a shift by about a third of a standard deviation, a quarter by half of one.
    package var adjustedStability: Double { max(0, stability - expectedByChance) }

    /// - Parameters:
    ///   - reference: Rows in each bin; shape `[bins]`.
    ///   - current: Likewise, as many bins.
    /// - Returns: `nil` when there are no rows in one of them.
    package init?(reference: [Int], current: [Int]) {
        precondition(reference.count == current.count)
        let pairs = zip(reference, current).filter { $0 + $1 > 0 }
        let rows = Double(reference.reduce(0, +))
        let others = Double(current.reduce(0, +))
        guard rows > 0, others > 0 else { return nil }
        let half = 0.5 * Double(pairs.count)
        var (stability, variation, sum, largest) = (0.0, 0.0, 0.0, 0.0)
        for (one, other) in pairs {
            let smoothed = (Double(one) + 0.5) / (rows + half)
            let otherSmoothed = (Double(other) + 0.5) / (others + half)
            stability += (otherSmoothed - smoothed) * log(otherSmoothed / smoothed)
            let difference = Double(other) / others - Double(one) / rows
            variation += abs(difference)
            sum += difference
            largest = max(largest, abs(sum))
        }
        self.stability = pairs.count == 1 ? 0 : stability
        expectedByChance = Double(pairs.count - 1) * (1 / rows + 1 / others)
        totalVariation = variation / 2
        kolmogorovSmirnov = largest
    }
}
