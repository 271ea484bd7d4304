// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Whether the means of two streams of pairs differ from each other by other than `expected`, tested after every pair: a
/// mixture of likelihood ratios (mSPRT).
///
/// ln L = ½ ln(V / (V + nτ²)) + n²τ² (difference − expected)² / (2V (V + nτ²)), V = 2σ². P(ever L ≥ 1/α) ≤ α.
///
/// - SeeAlso: R. Johari et al., “Always valid inference: continuous monitoring of A/B tests”, 2022.
package enum MixtureRatioTest {
    /// - Parameters:
    ///   - count: Observations of each stream.
    ///   - difference: Of the means so far.
    ///   - variance: σ² of one observation, above 0.
    ///   - mixtureVariance: τ², the square of what differences are looked for, above 0.
    /// - Returns: ln L; `nil` when an argument is outside its range.
    package static func logRatio(
        count: Int, difference: Double, variance: Double, mixtureVariance: Double, expected: Double = 0
    ) -> Double? {
        guard count >= 0, variance > 0, variance.isFinite, mixtureVariance > 0, mixtureVariance.isFinite else {
            return nil
        }
        let (n, v, distance) = (Double(count), 2 * variance, difference - expected)
        let sum = v + n * mixtureVariance
        return (0.5 * log(v / sum) + n * n * mixtureVariance * distance * distance / (2 * v * sum)).ifFinite
    }
}
