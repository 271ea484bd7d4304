// SPDX-License-Identifier: Apache-2.0

/// How well a classifier tells current rows from reference rows: not at all, when nothing drifted, whatever the columns do
/// together.
///
/// Logistic regression on the standardised union. Each row is scored by a fit that has not seen it (fold of row i of its
/// sample = i mod folds); what the scores separate is the area under their ROC curve.
package struct DomainClassifier: Sendable, Hashable {
    /// Between 0 and 1; ½ is no drift, 0.55 a warning, 0.65 critical, both with a ``pValue`` below 0.001.
    package let area: Double
    /// (area − ½)/√((m + n + 1)/(12mn)).
    package let z: Double
    /// One-sided: how likely chance separates them at least as well.
    package let pValue: Double
    /// Of the fit to all rows, in standard deviations: which columns tell the samples apart; shape `[columns]`.
    package let weights: [Double]
    package let intercept: Double

    /// - Parameters:
    ///   - reference: Shape `[m, columns]`. What is not finite counts as the column's mean.
    ///   - current: Shape `[n, columns]`.
    ///   - strength: C, above 0.
    /// - Returns: `nil` when rows differ in length, there is no column, fewer than 2 folds, or a sample has fewer than 2 rows.
    package init?(reference: [[Double]], current: [[Double]], folds: Int = 5, strength: Double = 1) {
        guard folds > 1, strength > 0, min(reference.count, current.count) > 1,
            let (means, deviations) = columnScales(reference + current)
        else { return nil }
        let rows = (reference + current).map { standardised($0, means, deviations) }
        let isCurrent = rows.indices.map { $0 >= reference.count }
        let fold = reference.indices.map { $0 % folds } + current.indices.map { $0 % folds }
        var scores = [Double](repeating: 0, count: rows.count)
        for held in 0..<min(folds, max(reference.count, current.count)) {
            let rest = rows.indices.filter { fold[$0] != held }
            let fit = LogisticRegression(
                rows: rest.map { rows[$0] }, isSecond: rest.map { isCurrent[$0] }, strength: strength)
            for row in rows.indices where fold[row] == held { scores[row] = fit.score(rows[row]) }
        }
        let (m, n) = (Double(reference.count), Double(current.count))
        let comparison = SampleComparison(
            reference: Array(scores.prefix(reference.count)), current: Array(scores.dropFirst(reference.count)))
        area = comparison.mannWhitney?.commonLanguageEffect ?? 0.5
        z = (area - 0.5) / ((m + n + 1) / (12 * m * n)).squareRoot()
        pValue = NormalDistribution.survival(z)
        let whole = LogisticRegression(rows: rows, isSecond: isCurrent, strength: strength)
        weights = whole.weights
        intercept = whole.intercept
    }
}
