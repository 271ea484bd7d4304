// SPDX-License-Identifier: Apache-2.0

/// Whether one of two classifiers is right more often than the other on the same rows, from the rows on which only one is.
///
/// Significance is no decision: see ``PairedAccuracy`` for that.
///
/// - SeeAlso: M. Fagerland et al., “The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than
///   exact conditional”, 2013.
package struct McNemarTest: Sendable, Hashable {
    /// Two-sided, from the binomial distribution at ½: min(1, 2 P(X ≤ the smaller count)).
    package let exactPValue: Double
    /// The same less the probability of what was seen: not as reluctant; 1 for equal counts.
    package let midPValue: Double
    /// (|b − c| − 1)² / (b + c), and at least 0.
    package let chiSquare: Double
    /// Of ``chiSquare``, with one degree of freedom.
    package let chiSquarePValue: Double

    /// - Parameters:
    ///   - onlyFirst: Rows that only the first classifier has right.
    ///   - onlySecond: Rows that only the second has right.
    /// - Returns: `nil` for less than no rows, or more than an integer holds.
    package init?(onlyFirst: Int, onlySecond: Int) {
        let (rows, overflow) = onlyFirst.addingReportingOverflow(onlySecond)
        guard onlyFirst >= 0, onlySecond >= 0, !overflow,
            let distribution = BinomialDistribution(trials: rows, probability: 0.5)
        else { return nil }
        guard distribution.trials > 0 else {
            (exactPValue, midPValue, chiSquare, chiSquarePValue) = (1, 1, 0, 1)
            return
        }
        let fewer = min(onlyFirst, onlySecond)
        let tail = 2 * distribution.cumulative(fewer)
        exactPValue = min(1, tail)
        midPValue = onlyFirst == onlySecond ? 1 : min(1, tail - distribution.mass(fewer))
        let distance = Double(max(abs(onlyFirst - onlySecond) - 1, 0))
        chiSquare = distance * distance / Double(distribution.trials)
        chiSquarePValue = NormalDistribution.twoSided(chiSquare.squareRoot())
    }
}
