// SPDX-License-Identifier: Apache-2.0

/// Student's t-distribution.
package enum StudentDistribution {
    /// P(|T| ≥ |`t`|): the two-sided p-value, I at ν / (ν + t²) of (ν/2, ½).
    ///
    /// - Returns: `nil` without degrees of freedom, or for a NaN.
    package static func twoSided(_ t: Double, degreesOfFreedom: Double) -> Double? {
        guard degreesOfFreedom > 0, degreesOfFreedom.isFinite, !t.isNaN else { return nil }
        let square = t * t
        guard square.isFinite else { return 0 }
        let sum = degreesOfFreedom + square
        return BetaFunction.regularized(
            degreesOfFreedom / sum, complement: square / sum, degreesOfFreedom / 2, 0.5)?.lower
    }
}
