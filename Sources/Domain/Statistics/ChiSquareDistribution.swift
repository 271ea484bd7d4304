// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The sum of squares of as many standard normal variables as it has degrees of freedom.
package enum ChiSquareDistribution {
    /// How likely it is at least `statistic`: the p-value of every chi-square test.
    ///
    /// - Returns: `nil` when `degreesOfFreedom` is below 1 or `statistic` is no number.
    package static func survival(_ statistic: Double, degreesOfFreedom: Int) -> Double? {
        guard degreesOfFreedom > 0, !statistic.isNaN else { return nil }
        return upperGamma(Double(degreesOfFreedom) / 2, statistic / 2)
    }

    /// The value that half of it lies below; 0 without degrees of freedom.
    package static func median(degreesOfFreedom: Int) -> Double {
        guard degreesOfFreedom > 0 else { return 0 }
        // The median is below the mean.
        var (low, high) = (0.0, Double(degreesOfFreedom))
        for _ in 0..<64 {
            let middle = (low + high) / 2
            if upperGamma(Double(degreesOfFreedom) / 2, middle / 2) > 0.5 { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// Γ(shape, x) / Γ(shape), the regularised upper incomplete gamma function: by the series of the lower one where that
/// converges fast, else by Legendre's continued fraction (Lentz's evaluation), so that tiny tails keep all their digits.
///
/// - Parameters:
///   - shape: Above 0.
///   - x: At most 0 gives 1.
private func upperGamma(_ shape: Double, _ x: Double) -> Double {
    guard x > 0 else { return 1 }
    guard x < .infinity else { return 0 }
    let scale = exp(shape * log(x) - x - lgamma(shape).0)
    // Near x = shape both take some multiple of √shape steps.
    let steps = 500 + Int(min(1e7, 20 * shape.squareRoot()))
    if x < shape + 1 {
        var term = 1 / shape
        var sum = term
        for step in 1...steps where term > sum * 1e-17 {
            term *= x / (shape + Double(step))
            sum += term
        }
        return max(0, 1 - sum * scale)
    }
    let tiny = 1e-300
    var denominator = x + 1 - shape
    var (upper, lower) = (1 / tiny, 1 / denominator)
    var fraction = lower
    for step in 1...steps {
        let numerator = -Double(step) * (Double(step) - shape)
        denominator += 2
        lower = 1 / nonZero(numerator * lower + denominator, tiny)
        upper = nonZero(denominator + numerator / upper, tiny)
        let factor = lower * upper
        fraction *= factor
        if abs(factor - 1) < 1e-16 { break }
    }
    return min(1, scale * fraction)
}

private func nonZero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
