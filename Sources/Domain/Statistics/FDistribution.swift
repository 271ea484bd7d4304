// SPDX-License-Identifier: Apache-2.0

/// Fisher's F: the ratio of two mean squares.
package enum FDistribution {
    /// P(F > f), I at ν₂ / (ν₂ + ν₁ f) of (ν₂/2, ν₁/2).
    ///
    /// - Parameter ratio: f.
    /// - Returns: `nil` without degrees of freedom, or for a NaN.
    package static func survival(_ ratio: Double, numerator: Double, denominator: Double) -> Double? {
        guard numerator > 0, denominator > 0, (numerator + denominator).isFinite, !ratio.isNaN else { return nil }
        let above = numerator * max(0, ratio)
        guard above.isFinite else { return 0 }
        let sum = denominator + above
        return BetaFunction.regularized(
            denominator / sum, complement: above / sum, denominator / 2, numerator / 2)?.lower
    }
}
