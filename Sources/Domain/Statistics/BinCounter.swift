// SPDX-License-Identifier: Apache-2.0

/// The bins of a numeric column, laid out for counting: every value is compared with all edges at once, without a branch
/// that depends on it.
package struct BinCounter: Sendable, Hashable {
    /// Ascending, filled up with +∞, which no value exceeds.
    let lanes: [SIMD8<Double>]
    /// Least and largest value of the reference.
    let range: ClosedRange<Double>
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
        note(value, range, &counts)
        if !value.isNaN { counts.bins[bin(of: value, lanes.span, 0..<lanes.count)] &+= 1 }
    }

    /// Counts a column of a table.
    ///
    /// - Parameters:
    ///   - values: The whole table, row by row.
    ///   - column: Where the first value stands.
    ///   - width: From one value to the next: the columns of the table.
    package func count(_ values: Span<Double>, column: Int = 0, width: Int = 1, into counts: inout BinCounts) {
        count(stride(from: column, to: values.count, by: width), into: &counts) { values[$0] }
    }

    /// Likewise of single precision.
    package func count(_ values: Span<Float>, column: Int = 0, width: Int = 1, into counts: inout BinCounts) {
        count(stride(from: column, to: values.count, by: width), into: &counts) { Double(values[$0]) }
    }

    @inline(__always)
    private func count(_ places: StrideTo<Int>, into counts: inout BinCounts, _ value: (Int) -> Double) {
        // Taken out of the counts, so that their uniqueness is asked for once.
        var taken: [Int] = []
        swap(&taken, &counts.bins)
        var bins = taken.mutableSpan
        let lanes = lanes.span
        for place in places {
            let value = value(place)
            note(value, range, &counts)
            if !value.isNaN { bins[bin(of: value, lanes, lanes.indices)] &+= 1 }
        }
        swap(&taken, &counts.bins)
    }
}

/// Edges below `value`.
@inline(__always)
func bin(of value: Double, _ lanes: Span<SIMD8<Double>>, _ range: Range<Int>) -> Int {
    var below = SIMD8<Int64>(repeating: 0)
    let repeated = SIMD8<Double>(repeating: value)
    for lane in range { below.replace(with: below &+ 1, where: lanes[lane] .< repeated) }
    return Int(below.wrappedSum())
}

/// Counts what is peculiar about `value`: that it is missing, infinite or outside what the reference had.
@inline(__always)
func note(_ value: Double, _ range: ClosedRange<Double>, _ counts: inout BinCounts) {
    if !(value >= range.lowerBound && value <= range.upperBound) || value.isInfinite {
        notePeculiar(value, range, &counts)
    }
}

@inline(never)
private func notePeculiar(_ value: Double, _ range: ClosedRange<Double>, _ counts: inout BinCounts) {
    if value.isNaN {
        counts.missing &+= 1
    } else if value == .infinity {
        counts.positiveInfinities &+= 1
    } else if value == -.infinity {
        counts.negativeInfinities &+= 1
    } else if value < range.lowerBound {
        counts.belowMinimum &+= 1
    } else {
        counts.aboveMaximum &+= 1
    }
}
