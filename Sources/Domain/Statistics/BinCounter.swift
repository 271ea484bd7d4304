// SPDX-License-Identifier: Apache-2.0

/// The bins of a numeric column, laid out for counting: every value is compared with all edges at once, without a branch
/// that depends on it.
package struct BinCounter: Sendable, Hashable {
    /// Ascending, filled up with +∞, which no value exceeds.
    private let lanes: [SIMD8<Double>]
    private let range: ClosedRange<Double>
    package let binCount: Int

    /// Over the bins of `profile`; a reference without a finite value has one bin for all.
    package init(_ profile: NumericProfile) {
        let edges = profile.bins?.edges ?? []
        binCount = edges.count + 1
        // A profile that was read from somewhere may hold anything.
        if let least = profile.minimum, let largest = profile.maximum, least <= largest {
            range = least...largest
        } else {
            range = -Double.infinity...Double.infinity
        }
        lanes = stride(from: 0, to: edges.count, by: 8).map { start in
            var lane = SIMD8<Double>(repeating: .infinity)
            for (place, edge) in edges[start..<min(start + 8, edges.count)].enumerated() { lane[place] = edge }
            return lane
        }
    }

    /// Counts of nothing yet.
    package var empty: BinCounts { BinCounts(binCount: binCount) }

    /// - Complexity: O(edges), a few nanoseconds for tens of them; no allocation.
    package func count(_ value: Double, into counts: inout BinCounts) {
        if let bin = note(value, into: &counts) { counts.bins[bin] &+= 1 }
    }

    /// Counts a column of a table.
    ///
    /// - Parameters:
    ///   - values: The whole table, row by row.
    ///   - column: Where the first value stands.
    ///   - width: From one value to the next: the columns of the table.
    package func count(_ values: Span<Double>, column: Int = 0, width: Int = 1, into counts: inout BinCounts) {
        var place = column
        while place < values.count {
            if let bin = note(values[place], into: &counts) { counts.bins[bin] &+= 1 }
            place &+= width
        }
    }

    /// Likewise of single precision.
    package func count(_ values: Span<Float>, column: Int = 0, width: Int = 1, into counts: inout BinCounts) {
        var place = column
        while place < values.count {
            if let bin = note(Double(values[place]), into: &counts) { counts.bins[bin] &+= 1 }
            place &+= width
        }
    }

    /// The bin of `value`, after its peculiarities were counted; `nil` for a missing one.
    @inline(__always)
    private func note(_ value: Double, into counts: inout BinCounts) -> Int? {
        if !(value >= range.lowerBound && value <= range.upperBound) {
            if value.isNaN {
                counts.missing &+= 1
                return nil
            }
            noteOutside(value, into: &counts)
        } else if value.isInfinite {
            noteOutside(value, into: &counts)
        }
        var below = SIMD8<Int64>(repeating: 0)
        let repeated = SIMD8<Double>(repeating: value)
        for lane in lanes { below.replace(with: below &+ 1, where: lane .< repeated) }
        return Int(below.wrappedSum())
    }

    @inline(never)
    private func noteOutside(_ value: Double, into counts: inout BinCounts) {
        if value == .infinity {
            counts.positiveInfinities &+= 1
        } else if value == -.infinity {
            counts.negativeInfinities &+= 1
        } else if value < range.lowerBound {
            counts.belowMinimum &+= 1
        } else {
            counts.aboveMaximum &+= 1
        }
    }
}
