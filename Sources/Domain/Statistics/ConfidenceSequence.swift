// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Intervals that hold what they enclose at all times together, with probability 1 − α: they may be looked at after every
/// observation, and acted upon.
package enum ConfidenceSequence {
    /// For a rate, without a parameter: all p that a uniform mixture does not outweigh by 1/α.
    ///
    /// - Returns: [0, 1] without a trial; `nil` for more successes than trials, or `alpha` outside (0, 1).
    /// - SeeAlso: H. Robbins, “Statistical methods related to the law of the iterated logarithm”, 1970.
    package static func bernoulli(successes: Int, trials: Int, alpha: Double) -> ConfidenceInterval? {
        rates(successes, trials, alpha) { _ in (1, 1) }
    }

    /// For a rate, narrowest around `optimalTrials`: mixed with Beta(c p, c (1 − p)) for each p.
    ///
    /// - SeeAlso: S. Howard et al., “Time-uniform, nonparametric, nonasymptotic confidence sequences”, 2021.
    package static func bernoulli(
        successes: Int, trials: Int, alpha: Double, optimalTrials: Double, optimalAlpha: Double = 0.05
    ) -> ConfidenceInterval? {
        guard let concentration = betaConcentration(optimalTrials: optimalTrials, alpha: optimalAlpha) else {
            return nil
        }
        return rates(successes, trials, alpha) { (concentration * $0, concentration * (1 - $0)) }
    }

    private static func rates(
        _ successes: Int, _ trials: Int, _ alpha: Double, prior: (Double) -> (Double, Double)
    ) -> ConfidenceInterval? {
        guard trials >= 0, (0...trials).contains(successes), alpha > 0, alpha < 1 else { return nil }
        guard trials > 0 else { return ConfidenceInterval(lower: 0, upper: 1) }
        func excess(_ p: Double) -> Double {
            let (a, b) = prior(p)
            return logBetaMixture(p, a, b, Double(successes), Double(trials - successes)) + log(alpha)
        }
        // At 0 and 1 the likelihood is 0, and its logarithm no number.
        let (first, last) = (1e-300, 1 - 0x1p-53)
        let rate = min(max(Double(successes) / Double(trials), first), last)
        let least = successes == 0 ? 0 : root(between: first, and: rate, of: excess) ?? 0
        let most = successes == trials ? 1 : root(between: rate, and: last, of: excess) ?? 1
        return ConfidenceInterval(lower: least, upper: most)
    }

    /// For a mean of anything, by the central limit: mean ± deviation · √(2 (nρ² + 1) / (n²ρ²) · ln(√(nρ² + 1) / α)).
    /// Holds from about a hundred observations on.
    ///
    /// - Parameters:
    ///   - variance: Of one observation.
    ///   - optimalCount: Where it is to be narrowest.
    /// - Returns: `nil` without an observation, or when an argument is outside its range.
    /// - SeeAlso: I. Waudby-Smith et al., “Time-uniform central limit theory and asymptotic confidence sequences”, 2021.
    package static func asymptotic(
        count: Int, mean: Double, variance: Double, alpha: Double, optimalCount: Double
    ) -> ConfidenceInterval? {
        guard count > 0, mean.isFinite, variance >= 0, variance.isFinite, alpha > 0, alpha < 1, optimalCount > 0,
            optimalCount.isFinite
        else { return nil }
        let n = Double(count)
        let rho = (-2 * log(alpha) + log(1 - 2 * log(alpha))) / optimalCount
        let half =
            variance.squareRoot()
            * (2 * (n * rho + 1) / (n * n * rho) * log((n * rho + 1).squareRoot() / alpha))
            .squareRoot()
        guard (mean - half).isFinite, (mean + half).isFinite else { return nil }
        return ConfidenceInterval(lower: mean - half, upper: mean + half)
    }
}

/// ln of the mixture over Beta(a, b) of the likelihood of x successes and y failures, less that of `p`.
func logBetaMixture(_ p: Double, _ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
    if a == 1, b == 1 {
        // ln B(1, 1) = 0; as a density, which loses nothing for large counts.
        return log(p) + log1p(-p) - BetaFunction.logPower(p, 1 - p, x + 1, y + 1)
    }
    return BetaFunction.logPower(p, 1 - p, a, b) - BetaFunction.logPower(p, 1 - p, a + x, b + y)
}

/// How many trials a mixture weighs as, for it to be tightest after `optimalTrials`.
func betaConcentration(optimalTrials: Double, alpha: Double) -> Double? {
    guard optimalTrials > 0, optimalTrials.isFinite, alpha > 0, alpha < 1 else { return nil }
    return max(mixtureWeight(optimalTrials, alpha) - 1, 1e-3)
}

/// ρ = v / (2 ln(1/α) + ln(1 + 2 ln(1/α))): the precision of a normal mixture whose bound is tightest at v.
func mixtureWeight(_ optimal: Double, _ alpha: Double) -> Double {
    optimal / (-2 * log(alpha) + log1p(-2 * log(alpha)))
}
