// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A confidence sequence for the mean of values in [0, 1] that narrows with their variance: the predictable plug-in of an
/// empirical Bernstein bound.
///
///     λₜ = min(½, √(2 ln(2/α) / (σ²ₜ₋₁ t ln(1 + t))))
///     centre = Σ λx / Σ λ,  half = (ln(2/α) + Σ (xᵢ − μᵢ₋₁)² (−ln(1 − λᵢ) − λᵢ)) / Σ λ
///
/// - Complexity: O(1) a value, no allocation.
/// - SeeAlso: I. Waudby-Smith, A. Ramdas, “Estimating means of bounded random variables by betting”, 2023, theorem 2.
package struct EmpiricalBernsteinSequence: Sendable, Hashable {
    package private(set) var count = 0
    private let logBound: Double
    private var sum = 0.5
    private var squares = 0.25
    private var bets = 0.0
    private var weighted = 0.0
    private var deviations = 0.0

    /// - Returns: `nil` when `alpha` is not within (0, 1).
    package init?(alpha: Double) {
        guard alpha > 0, alpha < 1 else { return nil }
        logBound = log(2 / alpha)
    }

    /// - Parameter value: Within [0, 1]; anything else is left out.
    /// - Returns: Whether it was.
    @discardableResult
    package mutating func record(_ value: Double) -> Bool {
        guard value >= 0, value <= 1 else { return false }
        count += 1
        let t = Double(count)
        let (mean, variance) = (sum / t, squares / t)
        let bet = min((2 * logBound / (variance * t * log1p(t))).squareRoot(), 0.5)
        bets += bet
        weighted += bet * value
        deviations += (value - mean) * (value - mean) * (-log1p(-bet) - bet)
        sum += value
        let distance = value - sum / (t + 1)
        squares += distance * distance
        return true
    }

    /// Of the mean; [0, 1] at first.
    package var interval: ConfidenceInterval {
        guard count > 0 else { return ConfidenceInterval(lower: 0, upper: 1) }
        let (centre, half) = (weighted / bets, (logBound + deviations) / bets)
        return ConfidenceInterval(lower: centre - half, upper: centre + half).clipped(to: 0...1)
    }
}
