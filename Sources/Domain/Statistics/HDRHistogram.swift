// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Counts of whole numbers (microseconds, say) that keep a number of significant digits whatever their size.
///
/// Below 2 · 10^digits a value has a bin of its own; from there on bins double in width with the values.
///
/// - SeeAlso: G. Tene, *HdrHistogram*.
package struct HDRHistogram: Sendable, Hashable {
    package private(set) var count = 0
    private var counts: [Int]
    /// Bins of one doubling, as a power of two.
    private let halfMagnitude: Int
    private var half: Int { 1 << halfMagnitude }

    /// - Parameters:
    ///   - highest: The largest value that has a bin for sure; at least 2.
    ///   - significantDigits: 1 to 5.
    /// - Returns: `nil` when an argument is outside its range.
    package init?(highest: Int, significantDigits: Int) {
        guard highest >= 2, (1...5).contains(significantDigits) else { return nil }
        let resolved = 2 * Int(pow(10, Double(significantDigits)))
        halfMagnitude = Int.bitWidth - (resolved - 1).leadingZeroBitCount - 1
        let width = Int.bitWidth - highest.leadingZeroBitCount
        let doublings = max(width - halfMagnitude, 1)
        counts = [Int](repeating: 0, count: (doublings + 1) << halfMagnitude)
    }

    /// - Returns: Whether `value` has a bin; it is not counted otherwise.
    @discardableResult
    package mutating func record(_ value: Int) -> Bool {
        guard value >= 0, case let index = self.index(of: value), index < counts.count else { return false }
        counts[index] += 1
        count += 1
        return true
    }

    /// Counts also the requests that a client that waited for `value` did not send meanwhile, one each
    /// `expectedInterval`: they would have waited for `value` less one, two, … intervals.
    ///
    /// It repairs what a closed loop recorded, and only roughly: see ``OpenLoopQueue``.
    ///
    /// - Returns: Whether `value` has a bin.
    /// - Complexity: O(value / expectedInterval).
    @discardableResult
    package mutating func record(_ value: Int, expectedInterval: Int) -> Bool {
        guard record(value) else { return false }
        guard expectedInterval > 0 else { return true }
        var missing = value
        while missing > expectedInterval {
            missing -= expectedInterval
            record(missing)
        }
        return true
    }

    /// The largest value of the bin in which the nearest rank, `percentile` · count / 100 rounded, lies.
    ///
    /// - Returns: `nil` without a value, or when `percentile` is not within [0, 100]; the smallest value of the bin for 0.
    package func value(atPercentile percentile: Double) -> Int? {
        guard count > 0, percentile >= 0, percentile <= 100 else { return nil }
        let wanted = max(1, Int(percentile * Double(count) / 100 + 0.5))
        var sum = 0
        for (index, count) in counts.enumerated() {
            sum += count
            if sum >= wanted {
                let value = self.value(at: index)
                return percentile > 0 ? highestEquivalent(of: value) : value
            }
        }
        return nil
    }

    // MARK: Bins

    /// The bin of a value that is not below 0.
    package func index(of value: Int) -> Int {
        let (doubling, place) = position(of: value)
        return (doubling << halfMagnitude) + place
    }

    /// The smallest value in the bin of `value`, which is not below 0.
    package func lowestEquivalent(of value: Int) -> Int {
        let (doubling, place) = position(of: value)
        return place << doubling
    }

    /// The largest value in the bin of `value`, which is not below 0.
    package func highestEquivalent(of value: Int) -> Int {
        let (doubling, place) = position(of: value)
        return place << doubling | ((1 << doubling) - 1)
    }

    /// How often the width of bins has doubled, and which of those bins it is.
    private func position(of value: Int) -> (doubling: Int, place: Int) {
        let doubling = max(Int.bitWidth - value.leadingZeroBitCount - halfMagnitude - 1, 0)
        return (doubling, value >> doubling)
    }

    private func value(at index: Int) -> Int {
        let doubling = max((index >> halfMagnitude) - 1, 0)
        return (index - doubling << halfMagnitude) << doubling
    }
}
