// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Whether two samples have the same quantile, by a p-value that may be looked at after every observation.
///
/// For each x, how badly does it do as that quantile of either sample? The x that does least badly for both together is
/// what the samples have to explain away.
///
/// - SeeAlso: S. Howard, A. Ramdas, “Sequential estimation of quantiles with applications to A/B testing”, 2022.
package enum QuantileTest {
    /// - Parameters:
    ///   - first: Shape `[rows]`.
    ///   - second: Likewise.
    ///   - quantile: Within (0, 1).
    ///   - optimalCount: After how many values the test is to be sharpest.
    /// - Returns: Two-sided; `nil` when a sample is empty or holds a NaN, or an argument is outside its range.
    /// - Complexity: O(n log n).
    package static func pValue(
        _ first: [Double], _ second: [Double], quantile: Double, optimalCount: Double, optimalAlpha: Double = 0.05
    ) -> Double? {
        guard quantile > 0, quantile < 1,
            let concentration = betaConcentration(optimalTrials: optimalCount, alpha: optimalAlpha),
            let one = QuantileEvidence(first, quantile, concentration),
            let other = QuantileEvidence(second, quantile, concentration)
        else { return nil }
        let (left, right) = one.best.upperBound <= other.best.upperBound ? (one, other) : (other, one)
        var candidates = [left.best.upperBound, right.best.lowerBound]
        candidates += right.sorted.filter { $0 >= left.best.upperBound && $0 <= right.best.lowerBound }
        let least = candidates.map { left.against($0) + right.against($0) }.min() ?? 0
        return min(1, exp(-least))
    }
}

/// The evidence of one sample against each value being its quantile.
private struct QuantileEvidence {
    let sorted: [Double]
    /// The values that are least doubtful.
    let best: ClosedRange<Double>
    private let quantile: Double
    private let concentration: Double
    /// How many values are expected below.
    private let expected: Double

    init?(_ values: [Double], _ quantile: Double, _ concentration: Double) {
        guard !values.isEmpty, !values.contains(where: \.isNaN) else { return nil }
        sorted = values.sorted()
        self.quantile = quantile
        self.concentration = concentration
        let count = Double(values.count)
        var (low, high) = (0.0, count)
        let golden = (5.0.squareRoot() - 1) / 2
        for _ in 0..<80 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low))
            let (atLeft, atRight) = (
                logMixture(left, count, quantile, concentration), logMixture(right, count, quantile, concentration)
            )
            if atLeft <= atRight { high = right } else { low = left }
        }
        expected = (low + high) / 2
        let last = values.count - 1
        let (lower, upper) = (min(max(Int(expected.rounded(.up)) - 1, 0), last), min(Int(expected), last))
        best = sorted[min(lower, upper)]...sorted[max(lower, upper)]
    }

    func against(_ value: Double) -> Double {
        let below: Double
        if value < best.lowerBound {
            below = Double(firstIndex { $0 > value })
        } else if value > best.upperBound {
            below = Double(firstIndex { $0 >= value })
        } else {
            below = expected
        }
        return logMixture(below, Double(sorted.count), quantile, concentration)
    }

    private func firstIndex(where isBeyond: (Double) -> Bool) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(sorted[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

private func logMixture(_ below: Double, _ count: Double, _ quantile: Double, _ concentration: Double) -> Double {
    logBetaMixture(quantile, concentration * quantile, concentration * (1 - quantile), below, count - below)
}
