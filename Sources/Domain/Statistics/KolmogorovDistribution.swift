// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What √n times the statistic of Kolmogorov and Smirnov tends to.
package enum KolmogorovDistribution {
    /// How likely it is at least `lambda`: 2 Σ (−1)ᵏ⁻¹ exp(−2k²λ²), and below 1.18 the theta form of the same sum, which
    /// converges there.
    package static func survival(_ lambda: Double) -> Double {
        // Below, all digits are those of 1.
        guard lambda > 0.1 else { return 1 }
        if lambda < 1.18 {
            let factor = -Double.pi * Double.pi / (8 * lambda * lambda)
            let sum = stride(from: 1.0, through: 9, by: 2).reduce(0) { $0 + exp($1 * $1 * factor) }
            return 1 - (2 * Double.pi).squareRoot() / lambda * sum
        }
        var (sum, sign) = (0.0, 2.0)
        for step in 1...8 {
            sum += sign * exp(-2 * Double(step * step) * lambda * lambda)
            sign = -sign
        }
        return sum
    }
}
