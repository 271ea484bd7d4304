// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The standard normal distribution: mean 0, standard deviation 1.
package enum NormalDistribution {
    /// P(Z ≤ `z`), right to the last digits in the lower tail too.
    package static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// P(Z > `z`), right to the last digits in the upper tail too.
    package static func survival(_ z: Double) -> Double { cumulative(-z) }

    /// P(|Z| ≥ |`z`|): the two-sided p-value.
    package static func twoSided(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

    /// The z with P(Z ≤ z) = `probability`; ∓∞ at 0 and 1.
    ///
    /// A rational start (error below 5·10⁻⁴) and Halley's steps on the distribution itself.
    ///
    /// - Returns: `nil` outside [0, 1].
    /// - SeeAlso: Abramowitz & Stegun, 26.2.23.
    package static func quantile(_ probability: Double) -> Double? {
        guard probability >= 0, probability <= 1 else { return nil }
        // Below ½ a tail keeps its digits; 1 − p is exact above.
        guard probability <= 0.5 else { return quantile(1 - probability).map { -$0 } }
        guard probability > 0 else { return -.infinity }
        let t = (-2 * log(probability)).squareRoot()
        let numerator = 2.515517 + t * (0.802853 + t * 0.010328)
        let denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
        var z = numerator / denominator - t
        for _ in 0..<3 {
            let error = (cumulative(z) - probability) * (2 * Double.pi).squareRoot() * exp(z * z / 2)
            let step = error / (1 + z * error / 2)
            guard step.isFinite else { break }
            z -= step
        }
        return z
    }

    /// What an interval of this confidence reaches to either side, in standard errors: 1.96 for 0.95.
    ///
    /// - Returns: `nil` when `confidence` is not within (0, 1).
    package static func twoSidedQuantile(confidence: Double) -> Double? {
        guard confidence > 0, confidence < 1 else { return nil }
        return quantile(0.5 - confidence / 2).map { -$0 }
    }
}
