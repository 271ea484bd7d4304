// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Whether two samples that were counted in the same bins may come from one distribution: Pearson's chi-square test of
/// the 2 × K table and the G test beside it, without Yates's correction, over the K bins that are not empty in both.
package struct HomogeneityTest: Sendable, Hashable {
    /// Σ (O − E)²/E over all cells.
    package let chiSquare: Double
    /// 2 Σ O ln(O/E).
    package let g: Double
    /// K − 1.
    package let degreesOfFreedom: Int
    /// √(chi²/(m + n)): the strength of the difference, whatever the number of rows.
    package let cramersV: Double
    /// Whether the p-values can be trusted: every expected count is at least 1, and at most a fifth of them are below 5.
    package let isApproximationValid: Bool

    /// - Parameters:
    ///   - reference: Rows in each bin; shape `[bins]`.
    ///   - current: Likewise, as many bins.
    /// - Returns: `nil` when there are no rows in one of them.
    package init?(reference: [Int], current: [Int]) {
        precondition(reference.count == current.count)
        let rows = reference.reduce(0) { $0 + Double($1) }
        let others = current.reduce(0) { $0 + Double($1) }
        guard rows > 0, others > 0 else { return nil }
        var (chiSquare, g) = (0.0, 0.0)
        var (occupied, small, least) = (0, 0, Double.infinity)
        for (one, other) in zip(reference, current) where one > 0 || other > 0 {
            occupied += 1
            let both = Double(one) + Double(other)
            for (observed, total) in [(Double(one), rows), (Double(other), others)] {
                let expected = both * (total / (rows + others))
                chiSquare += (observed - expected) * (observed - expected) / expected
                if observed > 0 { g += 2 * observed * log(observed / expected) }
                if expected < 5 { small += 1 }
                least = min(least, expected)
            }
        }
        degreesOfFreedom = occupied - 1
        self.chiSquare = occupied > 1 ? chiSquare : 0
        self.g = occupied > 1 ? max(0, g) : 0
        cramersV = (self.chiSquare / (rows + others)).squareRoot()
        isApproximationValid = occupied == 1 || least >= 1 && Double(small) <= 0.2 * Double(2 * occupied)
    }

    /// How likely chance alone makes the chi-square at least this large; 1 for one bin.
    ///
    /// - Parameter overdispersion: By how much rows that depend on each other widen what chance does; at least 1.
    package func pValue(overdispersion: Double = 1) -> Double {
        ChiSquareDistribution.survival(chiSquare / overdispersion, degreesOfFreedom: degreesOfFreedom) ?? 1
    }

    /// The same of the G test.
    package func gPValue(overdispersion: Double = 1) -> Double {
        ChiSquareDistribution.survival(g / overdispersion, degreesOfFreedom: degreesOfFreedom) ?? 1
    }
}

/// By how much the chi-squares of windows in which nothing drifted exceed what independent rows give: the median of
/// chi²/median(χ²), at least 1.
///
/// Rows of one user resemble each other; fifty users with twenty equal rows each would raise an alarm in every window.
/// Divide every chi-square of the column by this.
///
/// - Parameter windows: Healthy ones, some twenty; those with one bin only say nothing.
/// - Returns: `nil` when there is none.
/// - SeeAlso: B. Devlin and K. Roeder, “Genomic control for association studies”, 1999.
package func overdispersion(of windows: [HomogeneityTest]) -> Double? {
    var medians: [Int: Double] = [:]
    let ratios = windows.filter { $0.degreesOfFreedom > 0 && $0.chiSquare.isFinite }.map { window in
        let median =
            medians[window.degreesOfFreedom] ?? ChiSquareDistribution.median(degreesOfFreedom: window.degreesOfFreedom)
        medians[window.degreesOfFreedom] = median
        return window.chiSquare / median
    }
    guard !ratios.isEmpty else { return nil }
    return max(1, quantile(1, of: 2, in: ratios.sorted()))
}
