// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The distribution on [0, 1] with a density in proportion to xᵅ⁻¹ (1 − x)ᵝ⁻¹.
package struct BetaDistribution: Sendable, Hashable {
    package let alpha: Double
    package let beta: Double

    /// - Returns: `nil` unless both are finite and above 0.
    package init?(_ alpha: Double, _ beta: Double) {
        guard alpha > 0, beta > 0, (alpha + beta).isFinite else { return nil }
        self.alpha = alpha
        self.beta = beta
    }

    /// P(X ≤ `x`).
    package func cumulative(_ x: Double) -> Double? {
        guard !x.isNaN else { return nil }
        return BetaFunction.regularized(min(max(x, 0), 1), alpha, beta)?.lower
    }

    /// P(X > `x`).
    package func survival(_ x: Double) -> Double? {
        guard !x.isNaN else { return nil }
        return BetaFunction.regularized(min(max(x, 0), 1), alpha, beta)?.upper
    }

    /// The x with P(X ≤ x) = `probability`.
    ///
    /// Newton's steps on ln P over ln x, a concave curve, within a bracket that shrinks.
    ///
    /// - Returns: `nil` when `probability` is not within [0, 1].
    package func quantile(_ probability: Double) -> Double? {
        guard probability >= 0, probability <= 1 else { return nil }
        if probability == 0 { return 0 }
        if probability == 1 { return 1 }
        return probability <= 0.5
            ? lowerQuantile(probability)
            : BetaDistribution(beta, alpha).map { 1 - $0.lowerQuantile(1 - probability) }
    }

    private func lowerQuantile(_ probability: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        var x = alpha / (alpha + beta)
        if x == 0 || x == 1 { x = 0.5 }
        for _ in 0..<400 {
            guard let found = BetaFunction.regularized(x, alpha, beta)?.lower else { break }
            if found == probability { return x }
            if found < probability { low = x } else { high = x }
            // d ln P / d ln x = density · x / P
            let slope = exp(BetaFunction.logPower(x, 1 - x, alpha, beta)) / (1 - x) / found
            var next = x * exp(log(probability / found) / slope)
            if !(next > low && next < high) { next = low > 0 ? (low * high).squareRoot() : high * 1e-4 }
            if abs(next - x) <= 4 * x.ulp || next < .leastNormalMagnitude { return next }
            x = next
        }
        return x
    }
}
