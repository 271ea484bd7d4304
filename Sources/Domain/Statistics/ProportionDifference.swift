// SPDX-License-Identifier: Apache-2.0

/// By how much a rate changed between two independent samples: the second less the first.
package struct ProportionDifference: Sendable, Hashable {
    package let difference: Double
    /// Of the difference over its standard error at one common rate; 0 when nothing, or everything, succeeded.
    package let z: Double
    /// Two-sided; 1 where ``z`` says nothing.
    package let pValue: Double
    private let first: Proportion
    private let second: Proportion

    package init(_ first: Proportion, _ second: Proportion) {
        self.first = first
        self.second = second
        difference = second.rate - first.rate
        let (m, n) = (Double(first.trials), Double(second.trials))
        let pooled = (Double(first.successes) + Double(second.successes)) / (m + n)
        if pooled == 0 || pooled == 1 {
            (z, pValue) = (0, 1)
        } else {
            z = difference / (pooled * (1 - pooled) * (1 / m + 1 / n)).squareRoot()
            pValue = NormalDistribution.twoSided(z)
        }
    }

    /// The squares of the distances to Wilson's limits, added.
    ///
    /// - Returns: `nil` when `confidence` is not within (0, 1).
    /// - SeeAlso: R. Newcombe, “Interval estimation for the difference between independent proportions”, 1998, method 10.
    package func newcombe(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard let one = first.wilson(confidence: confidence), let other = second.wilson(confidence: confidence) else {
            return nil
        }
        func length(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
        return ConfidenceInterval(
            lower: difference - length(second.rate - other.lower, one.upper - first.rate),
            upper: difference + length(other.upper - second.rate, first.rate - one.lower))
    }
}
