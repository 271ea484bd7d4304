// SPDX-License-Identifier: Apache-2.0

/// How many values of a numeric column fell where, over the bins of its reference: all that is kept of a window, and all
/// that distances and tests need.
package struct BinCounts: Sendable, Hashable {
    /// Values in each bin, infinities in the outer ones; shape `[bins]`.
    package var bins: [Int]
    /// NaN, null, or a column that the row lacks.
    package var missing = 0
    /// Values of a type that the column does not have.
    package var typeErrors = 0
    package var positiveInfinities = 0
    package var negativeInfinities = 0
    /// Finite values below the least one of the reference.
    package var belowMinimum = 0
    /// Finite values above its largest.
    package var aboveMaximum = 0

    package init(binCount: Int) { bins = [Int](repeating: 0, count: binCount) }

    /// Everything that was counted.
    package var rows: Int { bins.reduce(0, &+) &+ missing &+ typeErrors }

    /// What distances are computed of: the bins, and missing values as one more; shape `[bins + 1]`.
    package var distribution: [Int] { bins + [missing] }

    /// Adds what was counted elsewhere, in any order.
    ///
    /// - Precondition: Over the same bins.
    package static func += (counts: inout BinCounts, more: BinCounts) {
        precondition(counts.bins.count == more.bins.count)
        for bin in counts.bins.indices { counts.bins[bin] &+= more.bins[bin] }
        counts.missing &+= more.missing
        counts.typeErrors &+= more.typeErrors
        counts.positiveInfinities &+= more.positiveInfinities
        counts.negativeInfinities &+= more.negativeInfinities
        counts.belowMinimum &+= more.belowMinimum
        counts.aboveMaximum &+= more.aboveMaximum
    }
}

extension NumericProfile {
    /// What a window's ``BinCounts/distribution`` is held against; shape `[bins + 1]`.
    package var distribution: [Int] { (bins == nil ? [0] : binCounts) + [missing] }
}
