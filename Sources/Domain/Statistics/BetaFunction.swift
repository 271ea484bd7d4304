// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Euler's beta function and its incomplete integral, for arguments of any size.
///
/// Differences of large logarithms of gamma functions would lose the digits that small tails consist of; here they are
/// written with Stirling's error and with deviances, which stay small.
package enum BetaFunction {
    /// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b).
    ///
    /// - Returns: `nil` unless both are finite and above 0.
    package static func logarithm(_ a: Double, _ b: Double) -> Double? {
        guard isValid(a, b) else { return nil }
        let (small, large) = (min(a, b), max(a, b))
        let sum = small + large
        if large < 10 { return logGamma(small) + logGamma(large) - logGamma(sum) }
        let errors = stirlingError(large) - stirlingError(sum)
        if small < 10 {
            return logGamma(small) - (large - 0.5) * log1p(small / large) - small * log(sum) + small + errors
        }
        return 0.5 * log(2 * .pi) + (small - 0.5) * log(small / sum) + large * log1p(-small / sum) - 0.5 * log(large)
            + stirlingError(small) + errors
    }

    /// Iₓ(a, b) and 1 − Iₓ(a, b); the smaller one is right to eleven digits or more.
    ///
    /// The continued fraction on the side where it converges: after some multiple of √min(a, b) steps. Where both are beyond
    /// 10¹⁰ it is the normal limit, off by less than 10⁻⁵.
    ///
    /// - Parameters:
    ///   - x: Within [0, 1].
    ///   - complement: 1 − `x`, for whoever knows it better.
    /// - Returns: `nil` unless a and b are finite and above 0 and x lies in [0, 1].
    /// - SeeAlso: Didonato & Morris, “Algorithm 708”, 1992; C. Loader, “Fast and accurate computation of binomial
    ///   probabilities”, 2000.
    package static func regularized(
        _ x: Double, complement: Double? = nil, _ a: Double, _ b: Double
    ) -> (lower: Double, upper: Double)? {
        let y = complement ?? 1 - x
        guard isValid(a, b), x >= 0, x <= 1, y >= 0, y <= 1 else { return nil }
        if x == 0 { return (0, 1) }
        if y == 0 { return (1, 0) }
        guard min(a, b) < 1e10 else {
            let difference = b * x - a * y
            let distance = deviance(a, (a + b) * x, difference) + deviance(b, (a + b) * y, -difference)
            let tail = 0.5 * erfc(distance.squareRoot())
            return difference < 0 ? (tail, 1 - tail) : (1 - tail, tail)
        }
        let front = exp(logPower(x, y, a, b))
        guard front.isFinite else { return nil }
        if x * (a + b + 2) <= a + 1 {
            let lower = min(1, front / a * continuedFraction(x, a, b))
            return (lower, 1 - lower)
        }
        let upper = min(1, front / b * continuedFraction(y, b, a))
        return (1 - upper, upper)
    }

    /// ln (xᵃ yᵇ / B(a, b)), where y = 1 − x: √(ab / 2πn) with n = a + b, less deviances and Stirling's errors.
    static func logPower(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
        let n = a + b
        // n·x − a = b·x − a·y, which does not cancel when x is close to 1.
        let difference = b * x - a * y
        return 0.5 * (log(a) + log(b / n) - log(2 * .pi)) - deviance(a, n * x, difference)
            - deviance(b, n * y, -difference)
            + stirlingError(n) - stirlingError(a) - stirlingError(b)
    }

    private static func isValid(_ a: Double, _ b: Double) -> Bool {
        a > 0 && b > 0 && (a + b).isFinite
    }

    static func logGamma(_ x: Double) -> Double { lgamma(x).0 }

    /// ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π).
    private static func stirlingError(_ x: Double) -> Double {
        guard x >= 10 else { return logGamma(x) - (x - 0.5) * log(x) + x - 0.5 * log(2 * .pi) }
        let s = 1 / (x * x)
        let tail = 1.0 / 1188 - s * (691.0 / 360360 - s * (1.0 / 156))
        return (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s * tail)))) / x
    }

    /// a ln(a / m) + m − a, for `difference` = m − a: how unlikely a count of a is where m is expected.
    private static func deviance(_ a: Double, _ m: Double, _ difference: Double) -> Double {
        let u = difference / a
        guard abs(u) < 0.2 else { return difference - a * log(m / a) }
        // a (u − ln(1 + u)) as a series
        // u² / 2 − u³ / 3 + …
        var (power, sum) = (u * u, 0.0)
        for order in 2..<40 {
            let term = power / Double(order)
            sum += order % 2 == 0 ? term : -term
            power *= u
            if abs(power) < 1e-17 * abs(sum) { break }
        }
        return a * sum
    }

    /// Lentz's method for the continued fraction of the incomplete beta function.
    private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        func apart(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
        var c = 1.0
        var d = 1 / apart(1 - (a + b) * x / (a + 1))
        var fraction = d
        for step in 1..<200_000 {
            let m = Double(step)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / apart(1 + even * d)
            c = apart(1 + even / c)
            fraction *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / apart(1 + odd * d)
            c = apart(1 + odd / c)
            let change = d * c
            fraction *= change
            if abs(change - 1) < 1e-16 { break }
        }
        return fraction
    }
}
