// SPDX-License-Identifier: Apache-2.0

/// Two samples of raw values side by side, the reference first: for gates and reservoirs, where values are at hand.
package struct SampleComparison: Sendable, Hashable {
    /// Ascending; infinities are kept, NaN is not.
    package let reference: [Double]
    package let current: [Double]

    /// - Parameters:
    ///   - reference: In any order; NaN stands for a missing value and is left out.
    ///   - current: Likewise.
    /// - Complexity: O(n log n).
    package init(reference: [Double], current: [Double]) {
        self.reference = reference.filter { !$0.isNaN }.sorted()
        self.current = current.filter { !$0.isNaN }.sorted()
    }

    /// `nil` when one sample is empty.
    package var kolmogorovSmirnov: KolmogorovSmirnov? { KolmogorovSmirnov(sorted: reference, current) }

    /// `nil` when one sample is empty.
    package var mannWhitney: MannWhitney? { MannWhitney(sorted: reference, current) }

    /// ∫ |F − G|, the area between both distribution functions over the finite values, in their unit; `nil` when one
    /// sample has no finite value.
    package var wasserstein: Double? {
        let (one, other) = (reference.filter(\.isFinite), current.filter(\.isFinite))
        guard !one.isEmpty, !other.isEmpty else { return nil }
        var (first, second, area) = (0, 0, 0.0)
        var last = min(one[0], other[0])
        while first < one.count || second < other.count {
            let value = min(
                first < one.count ? one[first] : .infinity, second < other.count ? other[second] : .infinity)
            let apart = abs(Double(first) / Double(one.count) - Double(second) / Double(other.count))
            // Equal shares leave no area, however far the next value is.
            if apart > 0, value > last { area += apart * (value - last) }
            last = value
            while first < one.count, one[first] == value { first += 1 }
            while second < other.count, other[second] == value { second += 1 }
        }
        return area
    }

    /// Population standard deviation of the finite reference values; `nil` without any, or when it is no finite number.
    package var referenceDeviation: Double? {
        var moments = Moments()
        for value in reference { moments.add(value) }
        return moments.populationVariance.map { $0.squareRoot() }
    }

    /// ``wasserstein`` in standard deviations of the reference. A constant that moved is infinitely far.
    package var wassersteinPerDeviation: Double? {
        guard let wasserstein, let referenceDeviation else { return nil }
        if referenceDeviation == 0 { return wasserstein == 0 ? 0 : .infinity }
        return wasserstein / referenceDeviation
    }

    /// By how much current values exceed reference ones: the median of all differences of finite values (Hodges and
    /// Lehmann, 1963); `nil` when one sample has no finite value.
    ///
    /// - Complexity: O(mn log mn) time and O(mn) memory: for reservoirs.
    package var hodgesLehmann: Double? {
        let (one, other) = (reference.filter(\.isFinite), current.filter(\.isFinite))
        guard !one.isEmpty, !other.isEmpty else { return nil }
        let differences = other.flatMap { value in one.map { value - $0 } }.sorted()
        let middle = quantile(1, of: 2, in: differences)
        return middle.isNaN ? nil : middle
    }
}
