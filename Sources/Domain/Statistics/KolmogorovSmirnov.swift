// SPDX-License-Identifier: Apache-2.0

/// The largest distance between the distribution functions of two samples, and how likely chance makes it as large.
///
/// - SeeAlso: M. A. Stephens, “Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive
///   tables”, 1970.
package struct KolmogorovSmirnov: Sendable, Hashable {
    /// sup |F − G|: between 0 and 1.
    package let statistic: Double
    /// m · n · ``statistic``, an integer: the exact law needs it unrounded.
    private let steps: Int
    private let rows: Int
    private let others: Int

    /// - Parameters:
    ///   - reference: Ascending, no NaN; infinities and repeats are fine.
    ///   - current: Likewise.
    /// - Returns: `nil` when one is empty.
    init?(sorted reference: [Double], _ current: [Double]) {
        let (rows, others) = (reference.count, current.count)
        guard rows > 0, others > 0 else { return nil }
        var (one, other, largest) = (0, 0, 0)
        while one < rows, other < others {
            let value = min(reference[one], current[other])
            while one < rows, reference[one] == value { one += 1 }
            while other < others, current[other] == value { other += 1 }
            largest = max(largest, abs(one * others - other * rows))
        }
        steps = largest
        self.rows = rows
        self.others = others
        statistic = Double(largest) / (Double(rows) * Double(others))
    }

    /// mn/(m + n): rows that one sample against a known distribution would need for the same certainty.
    package var effectiveRows: Double {
        Double(rows) * Double(others) / (Double(rows) + Double(others))
    }

    /// Whether ``pValue`` can be trusted: at least ten ``effectiveRows``.
    package var isApproximationValid: Bool { effectiveRows >= 10 }

    /// How likely chance makes the statistic at least this large, by Stephens's correction of the limit; with repeated
    /// values it is even less likely.
    package var pValue: Double {
        let root = effectiveRows.squareRoot()
        return KolmogorovDistribution.survival((root + 0.12 + 0.11 / root) * statistic)
    }

    /// The same by the limit alone.
    package var limitPValue: Double { KolmogorovDistribution.survival(effectiveRows.squareRoot() * statistic) }

    /// The same exactly, for samples without repeated values: the share of all orders of both samples, walked as paths
    /// through a grid, that leave the band of this statistic.
    ///
    /// - Complexity: O(mn).
    package func exactPValue() -> Double {
        guard steps > 0 else { return 1 }
        var outside = [Double](repeating: 0, count: others + 1)
        for one in 0...rows {
            for other in 0...others {
                if abs(one * others - other * rows) >= steps {
                    outside[other] = 1
                } else if one + other > 0 {
                    let left = other > 0 ? outside[other - 1] * Double(other) : 0
                    outside[other] = (outside[other] * Double(one) + left) / Double(one + other)
                }
            }
        }
        return outside[others]
    }
}
