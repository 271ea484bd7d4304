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
    /// Newton's steps on the logarithm of the smaller tail over that of x, within a bracket that shrinks.
    ///
    /// - Returns: `nil` when `probability` is not within [0, 1].
    package func quantile(_ probability: Double) -> Double? {
        guard probability >= 0, probability <= 1 else { return nil }
        if probability == 0 { return 0 }
        if probability == 1 { return 1 }
        // A small x keeps its digits, and so does the distance from 1 of a large one.
        return alpha <= beta
            ? quantile(lower: probability, upper: 1 - probability)
            : BetaDistribution(beta, alpha).map { 1 - $0.quantile(lower: 1 - probability, upper: probability) }
    }

    private func quantile(lower: Double, upper: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        var x = alpha / (alpha + beta)
        if x == 0 || x == 1 { x = 0.5 }
        for _ in 0..<400 {
            guard let found = BetaFunction.regularized(x, alpha, beta) else { break }
            if lower <= upper ? found.lower < lower : found.upper > upper { low = x } else { high = x }
            // density · x: how much the tail changes with ln x
            let change = exp(BetaFunction.logPower(x, 1 - x, alpha, beta)) / (1 - x)
            let step =
                lower <= upper
                ? log(lower / found.lower) * (found.lower / change) : log(found.upper / upper) * (found.upper / change)
            var next = x * exp(step)
            if abs(next - x) <= 4 * x.ulp { return next }
            if !(next > low && next < high) { next = low > 0 ? (low * high).squareRoot() : high * 1e-4 }
            if abs(next - x) <= x.ulp || next < .leastNormalMagnitude { return next }
            x = next
        }
        return x
    }
}
