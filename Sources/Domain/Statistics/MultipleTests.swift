// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// p-values of many tests at once, raised so that each can be held against one level.
///
/// A test is rejected where its adjusted value is at most the level. A p-value that is no number counts as 1.
///
/// - SeeAlso: S. Holm, 1979; Y. Benjamini and Y. Hochberg, 1995; Y. Benjamini and D. Yekutieli, 2001; R. A. Fisher, 1925.
package struct MultipleTests: Sendable, Hashable {
    package let pValues: [Double]
    /// Positions, the least probable first.
    private let order: [Int]

    /// - Parameter pValues: One p-value a test, in any order; shape `[tests]`.
    package init(_ pValues: [Double]) {
        let clamped = pValues.map { $0.isNaN ? 1 : min(1, max(0, $0)) }
        self.pValues = clamped
        order = clamped.indices.sorted { (clamped[$0], $0) < (clamped[$1], $1) }
    }

    private var count: Double { Double(pValues.count) }

    /// Bounds the chance of any false rejection.
    package var bonferroni: [Double] { pValues.map { min(1, $0 * count) } }

    /// The same bound, never larger than ``bonferroni``.
    package var holm: [Double] {
        var adjusted = pValues
        var largest = 0.0
        for (rank, place) in order.enumerated() {
            largest = max(largest, min(1, pValues[place] * (count - Double(rank))))
            adjusted[place] = largest
        }
        return adjusted
    }

    /// Bounds the expected share of false rejections, for tests that are independent or depend positively on each other.
    package var benjaminiHochberg: [Double] { stepUp(factor: 1) }

    /// The same for tests that depend on each other in any way.
    package var benjaminiYekutieli: [Double] {
        stepUp(factor: pValues.indices.reduce(0) { $0 + 1 / Double($1 + 1) })
    }

    private func stepUp(factor: Double) -> [Double] {
        var adjusted = pValues
        var least = 1.0
        for (rank, place) in order.enumerated().reversed() {
            // In this order the largest of equal p-values stays what it is.
            least = min(least, pValues[place] / (Double(rank + 1) / count / factor))
            adjusted[place] = least
        }
        return adjusted
    }

    /// The chance that all together are nothing but chance, whatever their dependence; `nil` without a test.
    package var global: Double? { order.first.map { min(1, pValues[$0] * count) } }

    /// The same by Fisher's −2 Σ ln p, which asks for independent tests; p-values below 1e−300 count as that.
    package var fisher: (statistic: Double, pValue: Double)? {
        let statistic = -2 * pValues.reduce(0) { $0 + log(max($1, 1e-300)) }
        return ChiSquareDistribution.survival(statistic, degreesOfFreedom: 2 * pValues.count).map { (statistic, $0) }
    }
}
