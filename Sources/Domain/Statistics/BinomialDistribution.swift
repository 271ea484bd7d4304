// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How many of `trials` succeed when each does with the same probability.
package struct BinomialDistribution: Sendable, Hashable {
    package let trials: Int
    package let probability: Double

    /// - Returns: `nil` for less than no trials, or a probability outside [0, 1].
    package init?(trials: Int, probability: Double) {
        guard trials >= 0, probability >= 0, probability <= 1 else { return nil }
        self.trials = trials
        self.probability = probability
    }

    /// P(X ≤ `count`).
    package func cumulative(_ count: Int) -> Double {
        if count < 0 { return 0 }
        if count >= trials { return 1 }
        return BetaFunction.regularized(probability, Double(count) + 1, Double(trials - count))?.upper ?? 1
    }

    /// P(X ≥ `count`).
    package func survival(from count: Int) -> Double {
        if count <= 0 { return 1 }
        if count > trials { return 0 }
        return BetaFunction.regularized(probability, Double(count), Double(trials - count) + 1)?.lower ?? 0
    }

    /// P(X = `count`).
    package func mass(_ count: Int) -> Double {
        guard count >= 0, count <= trials else { return 0 }
        if probability == 0 { return count == 0 ? 1 : 0 }
        if probability == 1 { return count == trials ? 1 : 0 }
        let (a, b, rest) = (Double(count) + 1, Double(trials - count) + 1, 1 - probability)
        let density = BetaFunction.logPower(probability, rest, a, b) - log(probability) - log1p(-probability)
        return min(1, exp(density - log(a + b - 1)))
    }
}
