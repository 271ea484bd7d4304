// SPDX-License-Identifier: Apache-2.0

/// By how much the accuracy of a challenger differs from that of the champion on the same rows.
///
/// d = p₁₂ − p₂₁ with a row added to each kind of discordance, p = (count + 1) / (n + 2), and
/// √((p₁₂ + p₂₁ − d²) / (n + 2)) for its standard error.
///
/// - SeeAlso: D. Bonett, R. Price, “Adjusted Wald confidence interval for a difference of binomial proportions based on
///   paired data”, 2012.
package struct PairedAccuracy: Sendable, Hashable {
    /// What a test says about a challenger that may be worse by a margin, but not more.
    package enum Verdict: Sendable, Hashable {
        case pass
        case fail
        /// The rows cannot tell. So many could, if discordance stays as frequent as it is.
        case insufficient(rowsNeeded: Int)
    }

    package let championOnlyRight: Int
    package let challengerOnlyRight: Int
    package let rows: Int
    private let centre: Double
    private let standardError: Double

    /// - Parameters:
    ///   - championOnlyRight: Rows that only the champion has right.
    ///   - challengerOnlyRight: Rows that only the challenger has right.
    ///   - rows: All rows; those that a version could not score count as wrong.
    /// - Returns: `nil` without rows, or when there are fewer of them than discordant ones.
    package init?(championOnlyRight: Int, challengerOnlyRight: Int, rows: Int) {
        guard rows > 0, championOnlyRight >= 0, challengerOnlyRight >= 0, championOnlyRight <= rows,
            challengerOnlyRight <= rows - championOnlyRight
        else { return nil }
        self.championOnlyRight = championOnlyRight
        self.challengerOnlyRight = challengerOnlyRight
        self.rows = rows
        let n = Double(rows) + 2
        let (gained, lost) = ((Double(challengerOnlyRight) + 1) / n, (Double(championOnlyRight) + 1) / n)
        centre = gained - lost
        standardError = ((gained + lost - centre * centre) / n).squareRoot()
    }

    /// Challenger less champion.
    package var difference: Double { (Double(challengerOnlyRight) - Double(championOnlyRight)) / Double(rows) }

    /// Of ``difference``; two-sided.
    package func interval(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard let z = NormalDistribution.twoSidedQuantile(confidence: confidence) else { return nil }
        return ConfidenceInterval(lower: centre - z * standardError, upper: centre + z * standardError)
    }

    /// What ``difference`` is at least.
    package func lowerLimit(confidence: Double = 0.95) -> Double? {
        limit(confidence).map { centre - $0 * standardError }
    }

    package func isNonInferior(margin: Double, confidence: Double = 0.95) -> Bool? {
        lowerLimit(confidence: confidence).map { $0 > -margin }
    }

    package func isSuperior(confidence: Double = 0.95) -> Bool? { lowerLimit(confidence: confidence).map { $0 > 0 } }

    /// Equal outputs pass, whatever the number of rows. Otherwise the lower limit has to be within the margin; it fails when
    /// the limit is not and the rows were enough to see a challenger that is as good pass, or when the difference is
    /// beyond the margin for sure.
    ///
    /// - Parameter margin: Above 0.
    /// - Returns: `nil` when `margin` or `confidence` is outside its range.
    package func verdict(margin: Double, confidence: Double = 0.95) -> Verdict? {
        guard margin > 0, margin.isFinite, let z = limit(confidence), let lower = lowerLimit(confidence: confidence)
        else { return nil }
        if championOnlyRight == 0 && challengerOnlyRight == 0 || lower > -margin { return .pass }
        if centre + z * standardError < -margin || z * standardError < margin { return .fail }
        return .insufficient(rowsNeeded: rowsNeeded(margin: margin, z: z))
    }

    /// The fewest rows for which z · standard error is below the margin, when versions are as good as each other and
    /// disagree as often as here.
    private func rowsNeeded(margin: Double, z: Double) -> Int {
        let discordance = (Double(championOnlyRight) + Double(challengerOnlyRight)) / Double(rows)
        // (d n + 2) z² < margin² (n + 2)²
        let (square, tolerated) = (z * z, margin * margin)
        let linear = discordance * square / tolerated
        let root = (linear * linear / 4 + (2 - 2 * discordance) * square / tolerated).squareRoot()
        let needed = (linear / 2 + root - 2).rounded(.down) + 1
        return needed < 1e15 ? max(1, Int(needed)) : .max
    }

    private func limit(_ confidence: Double) -> Double? {
        confidence > 0.5 && confidence < 1 ? NormalDistribution.quantile(confidence) : nil
    }
}
