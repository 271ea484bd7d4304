// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How far two samples lie apart that were counted in the same bins, the reference first.
///
/// With m and n rows, rᵢ and cᵢ of them in bin i, the shares are pᵢ = rᵢ/m and qᵢ = cᵢ/n; K bins are not empty in both.
///
/// - SeeAlso: B. Yurdakul, *Statistical Properties of Population Stability Index*, 2018; J. Lin, “Divergence measures
///   based on the Shannon entropy”, 1991.
package struct CountDistance: Sendable, Hashable {
    /// Population stability index, half a row added to every bin: Σ (q − p) ln(q/p), in nats.
    package let stability: Double
    /// The index of raw shares, those below 1/10,000 raised to it and not divided again: what other tools show.
    package let flooredStability: Double
    /// Kullback-Leibler divergence Σ q ln(q/p) of the current shares from the reference, half a row added to every bin.
    package let divergence: Double
    /// Σ p ln(p/q), likewise; both divergences add up to ``stability``.
    package let reverseDivergence: Double
    /// Jensen-Shannon divergence in nats: between 0 and ln 2.
    package let jensenShannon: Double
    /// √(½ Σ (√p − √q)²): between 0 and 1.
    package let hellinger: Double
    /// Half the sum of the differences of shares: between 0 and 1.
    package let totalVariation: Double
    /// The largest difference of a share.
    package let largestDifference: Double
    /// The largest difference of shares added up from the first bin on: at most the statistic of Kolmogorov and Smirnov.
    package let kolmogorovSmirnov: Double
    /// K: bins that are not empty in both.
    package let occupiedBins: Int
    /// 1/m + 1/n: how much chance alone moves shares. Two samples of one distribution have Σ (q − p)²/p ≈ noise · χ²(K − 1).
    package let noise: Double

    /// - Parameters:
    ///   - reference: Rows in each bin; shape `[bins]`.
    ///   - current: Likewise, as many bins.
    /// - Returns: `nil` when there are no rows in one of them.
    package init?(reference: [Int], current: [Int]) {
        precondition(reference.count == current.count)
        let rows = reference.reduce(0) { $0 + Double($1) }
        let others = current.reduce(0) { $0 + Double($1) }
        guard rows > 0, others > 0 else { return nil }
        let occupied = zip(reference, current).count { $0 > 0 || $1 > 0 }
        let half = 0.5 * Double(occupied)
        var (forward, backward, floored, shannon, hellinger) = (0.0, 0.0, 0.0, 0.0, 0.0)
        var (variation, largest, sum, largestSum) = (0.0, 0.0, 0.0, 0.0)
        for (one, other) in zip(reference, current) where one > 0 || other > 0 {
            let smoothed = (Double(one) + 0.5) / (rows + half)
            let otherSmoothed = (Double(other) + 0.5) / (others + half)
            let ratio = log(otherSmoothed / smoothed)
            forward += otherSmoothed * ratio
            backward -= smoothed * ratio
            let (share, otherShare) = (Double(one) / rows, Double(other) / others)
            let (raised, otherRaised) = (max(share, 1e-4), max(otherShare, 1e-4))
            floored += (otherRaised - raised) * log(otherRaised / raised)
            let middle = (share + otherShare) / 2
            if share > 0 { shannon += share * log(share / middle) / 2 }
            if otherShare > 0 { shannon += otherShare * log(otherShare / middle) / 2 }
            let root = share.squareRoot() - otherShare.squareRoot()
            hellinger += root * root / 2
            let difference = otherShare - share
            variation += abs(difference) / 2
            largest = max(largest, abs(difference))
            sum += difference
            largestSum = max(largestSum, abs(sum))
        }
        (divergence, reverseDivergence) = (max(0, forward), max(0, backward))
        stability = max(0, forward + backward)
        flooredStability = floored
        jensenShannon = max(0, shannon)
        self.hellinger = hellinger.squareRoot()
        totalVariation = variation
        largestDifference = largest
        kolmogorovSmirnov = largestSum
        occupiedBins = occupied
        noise = 1 / rows + 1 / others
    }

    /// Square root of ``jensenShannon``: a metric, at most 0.8326.
    package var jensenShannonDistance: Double { jensenShannon.squareRoot() }

    /// The same with logarithms of base 2: at most 1.
    package var jensenShannonDistanceBase2: Double { (jensenShannon / log(2)).squareRoot() }

    /// What ``stability`` is on average for two samples of one distribution: (K − 1)(1/m + 1/n).
    package var expectedByChance: Double { Double(occupiedBins - 1) * noise }

    /// ``adjustedStability(overdispersion:)`` of rows that do not depend on each other.
    package var adjustedStability: Double { adjustedStability(overdispersion: 1) }

    /// What thresholds apply to: a tenth is a shift by about a third of a standard deviation, a quarter by half of one.
    ///
    /// - Parameter overdispersion: By how much rows that depend on each other widen what chance does; at least 1.
    package func adjustedStability(overdispersion: Double) -> Double {
        max(0, stability - expectedByChance * overdispersion)
    }

    /// How likely chance alone makes ``stability`` at least this large; 1 for one bin.
    ///
    /// - Parameter overdispersion: By how much rows that depend on each other widen what chance does; at least 1.
    package func stabilityPValue(overdispersion: Double = 1) -> Double {
        ChiSquareDistribution.survival(stability / (noise * overdispersion), degreesOfFreedom: occupiedBins - 1) ?? 1
    }
}
