// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Whether events (errors, slow answers) fall on the canary more often than its share of the traffic explains.
///
/// With requests assigned at random, each event belongs to the canary with probability s when both versions have it
/// equally often, however that rate moves. The logarithm of evidence against “at most `ratio` times as often”:
///
///     p₀ = ratio · s / (ratio · s + 1 − s)
///     ln E = ln B(a + x, b + y) + ln (1 − I(a + x, b + y)) − ln B(a, b) − ln (1 − I(a, b)) − x ln p₀ − y ln (1 − p₀)
///
/// with a = concentration · p₀, b = concentration · (1 − p₀), I at p₀. P(ever E ≥ 1/α) ≤ α: it may be looked at after
/// every event.
///
/// - SeeAlso: M. Lindon, A. Malek, “Anytime-valid inference for multinomial count data”, 2022.
package struct ConditionalEProcess: Sendable, Hashable {
    private let probability: Double
    private let a: Double
    private let b: Double
    /// What is subtracted for having seen nothing.
    private let start: Double

    /// - Parameters:
    ///   - share: Of requests that go to the canary, within (0, 1).
    ///   - ratio: How many times as often an event may happen there; above 0.
    ///   - concentration: Of the mixture over what is worse than that; the answer depends little on it.
    /// - Returns: `nil` when one is outside its range.
    package init?(share: Double, ratio: Double = 1, concentration: Double = 10) {
        guard share > 0, share < 1, ratio > 0, ratio.isFinite, concentration > 0, concentration.isFinite else {
            return nil
        }
        probability = ratio * share / (ratio * share + 1 - share)
        a = concentration * probability
        b = concentration * (1 - probability)
        guard let start = logMixture(a, b, probability) else { return nil }
        self.start = start
    }

    /// - Parameters:
    ///   - canary: Events there, not below 0.
    ///   - baseline: Likewise.
    /// - Returns: ln E; 0 without an event. `nil` for less than no events.
    package func logE(canary: Int, baseline: Int) -> Double? {
        guard canary >= 0, baseline >= 0 else { return nil }
        return logMixture(a + Double(canary), b + Double(baseline), probability).map { ($0 - start).ifFinite } ?? nil
    }
}

/// ln B(a, b) − a ln p − b ln (1 − p) + ln (1 − Iₚ(a, b)).
private func logMixture(_ a: Double, _ b: Double, _ p: Double) -> Double? {
    guard let tail = BetaFunction.regularized(p, a, b)?.upper else { return nil }
    return log(max(tail, 1e-300)) - BetaFunction.logPower(p, 1 - p, a, b)
}
