// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How far a sum of centred observations may be from 0 at any time, but with probability `alpha`; `variance` is what it
/// has gathered so far (its intrinsic time).
///
/// Each is `nil` when an argument is outside its range.
///
/// - SeeAlso: S. Howard et al., “Time-uniform, nonparametric, nonasymptotic confidence sequences”, 2021.
package enum UniformBoundary {
    /// To either side, for sub-Gaussian sums: √((v + ρ) (ln(1 + v/ρ) + 2 ln(1/α))).
    ///
    /// - Parameter optimalVariance: Where it is to be tightest.
    package static func normalMixture(
        variance: Double, alpha: Double, optimalVariance: Double, optimalAlpha: Double = 0.05
    ) -> Double? {
        guard variance >= 0, isProbability(alpha), optimalVariance > 0, isProbability(optimalAlpha) else { return nil }
        let rho = mixtureWeight(optimalVariance, optimalAlpha)
        return ((variance + rho) * (log1p(variance / rho) - 2 * log(alpha))).squareRoot().ifFinite
    }

    /// To one side, for sub-exponential sums of scale `scale`; up to variances of 10⁹ times its square.
    package static func gammaExponentialMixture(
        variance: Double, alpha: Double, optimalVariance: Double, scale: Double, optimalAlpha: Double = 0.05
    ) -> Double? {
        guard variance > 0, variance.isFinite, isProbability(alpha), optimalVariance > 0, optimalVariance.isFinite,
            scale > 0, scale.isFinite, optimalAlpha > 0, optimalAlpha < 0.5
        else { return nil }
        let square = scale * scale
        let rho = mixtureWeight(optimalVariance, 2 * optimalAlpha) / square
        let v = variance / square
        guard v + rho < 1e9 else { return nil }
        /// a ln x − x − ln γ(a, x): minus the logarithm of the mixture, but for a constant.
        func power(_ a: Double, _ x: Double) -> Double {
            a * log(x) - BetaFunction.logGamma(a) - log(lowerGamma(a, x))
        }
        func excess(_ sum: Double) -> Double {
            let grown = sum / scale + v
            return power(rho, rho) - power(v + rho, grown + rho) + grown + log(alpha)
        }
        var most = max(variance, .leastNormalMagnitude)
        while excess(most) <= 0, most < .infinity { most *= 2 }
        return root(between: 0, and: most, of: excess)
    }

    /// To one side, for sub-gamma sums of scale `scale`, growing as √(v ln ln v): stitched from lines over epochs that
    /// each are `ratio` times as long.
    ///
    /// - Parameters:
    ///   - minimumVariance: Where it starts.
    ///   - power: How fast the epochs' shares of α fall, above 1.
    ///   - ratio: Above 1.
    package static func polynomialStitching(
        variance: Double, alpha: Double, minimumVariance: Double, scale: Double = 0, power: Double = 1.4,
        ratio: Double = 2
    ) -> Double? {
        guard variance >= 0, isProbability(alpha), minimumVariance > 0, scale >= 0, power > 1, power.isFinite,
            ratio > 1
        else { return nil }
        let v = max(variance, minimumVariance)
        let level =
            power * log(log(ratio * v / minimumVariance)) + log(zeta(power) / pow(log(ratio), power)) - log(alpha)
        let first = (pow(ratio, 0.25) + pow(ratio, -0.25)) / 2.0.squareRoot()
        let linear = (ratio.squareRoot() + 1) / 2 * scale * level
        return ((first * first * v * level + linear * linear).squareRoot() + linear).ifFinite
    }

    /// For the distance of an empirical distribution function from the true one, from `minimumCount` values on:
    /// A √((ln(1 + ln(t / t₀)) + C) / t), with the least C that holds.
    ///
    /// - Parameter factor: A, above 1/√2.
    /// - SeeAlso: S. Howard, A. Ramdas, “Sequential estimation of quantiles with applications to A/B testing”, 2022.
    package static func empiricalProcess(
        count: Int, alpha: Double, minimumCount: Double, factor: Double = 0.85
    ) -> Double? {
        guard minimumCount >= 1, minimumCount.isFinite, Double(count) >= minimumCount, isProbability(alpha),
            factor > 0.5.squareRoot(), factor.isFinite
        else { return nil }
        func excess(_ c: Double) -> Double { leastCrossingProbability(c, factor) - alpha }
        var most = 1.0
        while excess(most) > 0 {
            guard most < 1e300 else { return nil }
            most *= 2
        }
        var least = 0.0
        for _ in 0..<80 {
            let middle = (least + most) / 2
            if excess(middle) > 0 { least = middle } else { most = middle }
        }
        let t = Double(count)
        return (factor * ((log1p(log(t / minimumCount)) + most) / t).squareRoot()).ifFinite
    }
}

private func isProbability(_ alpha: Double) -> Bool { alpha > 0 && alpha < 1 }

/// The least over epoch ratios η of 4 exp(−γ²C) (1 + 1 / ((γ² − 1) ln η)), γ² = 2/η (A − √(2 (η − 1) / C))².
private func leastCrossingProbability(_ c: Double, _ factor: Double) -> Double {
    func probability(_ ratio: Double) -> Double {
        let reach = factor - (2 * (ratio - 1) / c).squareRoot()
        let square = reach > 0 ? 2 / ratio * reach * reach : 0
        return square <= 1 ? .infinity : 4 * exp(-square * c) * (1 + 1 / ((square - 1) * log(ratio)))
    }
    // γ² falls to 1 at the upper end.
    let upper = root(between: 1, and: 2 * factor * factor) { ratio in
        (ratio / 2).squareRoot() + (2 * (ratio - 1) / c).squareRoot() - factor
    }
    guard var high = upper, high > 1 else { return .infinity }
    var low = 1.0
    let golden = (5.0.squareRoot() - 1) / 2
    for _ in 0..<90 {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low))
        if probability(left) <= probability(right) { high = right } else { low = left }
    }
    return probability((low + high) / 2)
}

/// Riemann's ζ for s > 1: a sum to 20 and Euler and Maclaurin's rest.
func zeta(_ s: Double) -> Double {
    let n = 20.0
    let sum = (1..<20).reduce(0.0) { $0 + pow(Double($1), -s) }
    let end = pow(n, -s)
    let rest =
        s / 12 / n - s * (s + 1) * (s + 2) / 720 / pow(n, 3)
        + s * (s + 1) * (s + 2) * (s + 3) * (s + 4) / 30240 / pow(n, 5)
    return sum + end * n / (s - 1) + end / 2 + end * rest
}

/// γ(a, x) / Γ(a): a series below a + 1, Legendre's continued fraction above.
private func lowerGamma(_ a: Double, _ x: Double) -> Double {
    let front = exp(a * log(x) - x - BetaFunction.logGamma(a))
    if x < a + 1 {
        var (term, sum, step) = (1 / a, 1 / a, 1.0)
        while term > sum * 1e-17, step < 1e5 {
            term *= x / (a + step)
            sum += term
            step += 1
        }
        return sum * front
    }
    var (b, c, d) = (x + 1 - a, 1e300, 1 / (x + 1 - a))
    var fraction = d
    for step in 1..<100_000 {
        let factor = Double(step) * (a - Double(step))
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-16 { break }
    }
    return 1 - front * fraction
}
