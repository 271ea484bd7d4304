// SPDX-License-Identifier: Apache-2.0

/// By how much a challenger loses more than the champion on the same rows; above 0 it is worse.
package struct PairedLosses: Sendable, Hashable {
    /// Challenger less champion; shape `[rows]`.
    package let differences: [Double]
    package let meanDifference: Double
    /// ``meanDifference`` in its standard errors; `nil` when all differences are the same.
    package let t: Double?
    /// Two-sided, of ``t`` with n − 1 degrees of freedom.
    package let pValue: Double?

    /// - Parameters:
    ///   - champion: Loss of each row; shape `[rows]`.
    ///   - challenger: Of the same rows; shape `[rows]`.
    /// - Returns: `nil` without a row, or when a difference, or their mean, is not finite.
    package init?(champion: [Double], challenger: [Double]) {
        precondition(champion.count == challenger.count)
        let differences = zip(champion, challenger).map { $1 - $0 }
        let rows = Double(differences.count)
        let mean = differences.reduce(0, +) / rows
        guard mean.isFinite else { return nil }
        self.differences = differences
        meanDifference = mean
        let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // Of one row too: 0 / 0.
        let error = (squares / (rows - 1) / rows).squareRoot()
        t = error > 0 && error.isFinite ? mean / error : nil
        pValue = t.flatMap { StudentDistribution.twoSided($0, degreesOfFreedom: rows - 1) }
    }

    /// Of ``meanDifference``, by resampling entities; each row by itself when there are none.
    ///
    /// - Parameter entities: The rows of each, as ``Bootstrap/entities(_:)`` finds them.
    package func bootstrap(entities: [[Int]]? = nil, resamples: Int = 2000, seed: UInt64) -> Bootstrap? {
        Bootstrap(
            entities: entities ?? differences.indices.map { [$0] }, resamples: resamples, seed: seed,
            statistic: meanDifference)
    }

    /// Of rows, some of them repeated; `nil` of none.
    package func meanDifference(_ rows: [Int]) -> Double? {
        ratio(rows.reduce(0) { $0 + differences[$1] }, Double(rows.count))
    }
}

extension Bootstrap {
    /// Whether a difference, above 0 when a challenger is worse, is below `margin` for sure.
    package func isNonInferior(margin: Double, confidence: Double = 0.95) -> Bool? {
        quantile(confidence).map { $0 < margin }
    }
}
