// SPDX-License-Identifier: Apache-2.0

/// Successes among independent trials, and what they say about the rate behind them.
package struct Proportion: Sendable, Hashable {
    package let successes: Int
    package let trials: Int

    /// - Returns: `nil` without a trial, or with more successes than trials.
    package init?(_ successes: Int, of trials: Int) {
        guard trials > 0, successes >= 0, successes <= trials else { return nil }
        self.successes = successes
        self.trials = trials
    }

    package var rate: Double { Double(successes) / Double(trials) }

    /// The interval for every day: close to its confidence at any rate, and never outside [0, 1].
    ///
    /// (x + z²/2 ± z √(x (n − x) / n + z²/4)) / (n + z²)
    ///
    /// - Returns: `nil` when `confidence` is not within (0, 1).
    /// - SeeAlso: E. B. Wilson, 1927.
    package func wilson(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard let z = NormalDistribution.twoSidedQuantile(confidence: confidence) else { return nil }
        let (x, n, square) = (Double(successes), Double(trials), z * z)
        let centre = (x + square / 2) / (n + square)
        let half = z / (n + square) * (x * (n - x) / n + square / 4).squareRoot()
        return ConfidenceInterval(
            lower: successes == 0 ? 0 : centre - half, upper: successes == trials ? 1 : centre + half
        ).clipped(to: 0...1)
    }

    /// The interval for guarantees: it holds the rate at least as often as it says, and more often than that.
    ///
    /// Beta quantiles of (x, n − x + 1) and (x + 1, n − x).
    ///
    /// - Returns: `nil` when `confidence` is not within (0, 1).
    /// - SeeAlso: C. Clopper, E. Pearson, 1934.
    package func clopperPearson(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard confidence > 0, confidence < 1 else { return nil }
        let (x, rest, tail) = (Double(successes), Double(trials - successes), (1 - confidence) / 2)
        return ConfidenceInterval(
            lower: BetaDistribution(x, rest + 1)?.quantile(tail) ?? 0,
            upper: BetaDistribution(x + 1, rest)?.quantile(1 - tail) ?? 1)
    }

    /// The interval of a Bayesian who knows nothing: quantiles of Beta(x + ½, n − x + ½).
    ///
    /// - Returns: `nil` when `confidence` is not within (0, 1).
    package func jeffreys(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard confidence > 0, confidence < 1 else { return nil }
        let tail = (1 - confidence) / 2
        let posterior = BetaDistribution(Double(successes) + 0.5, Double(trials - successes) + 0.5)
        guard let lower = posterior?.quantile(tail), let upper = posterior?.quantile(1 - tail) else { return nil }
        return ConfidenceInterval(lower: lower, upper: upper)
    }

    /// Wilson's centre with a simple half width: p̃ ± z √(p̃ (1 − p̃) / (n + z²)), p̃ = (x + z²/2) / (n + z²).
    ///
    /// - Returns: `nil` when `confidence` is not within (0, 1).
    /// - SeeAlso: A. Agresti, B. Coull, 1998.
    package func agrestiCoull(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard let z = NormalDistribution.twoSidedQuantile(confidence: confidence) else { return nil }
        let n = Double(trials) + z * z
        let centre = (Double(successes) + z * z / 2) / n
        let half = z * (centre * (1 - centre) / n).squareRoot()
        return ConfidenceInterval(lower: centre - half, upper: centre + half).clipped(to: 0...1)
    }
}
