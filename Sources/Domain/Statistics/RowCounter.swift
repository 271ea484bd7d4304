// SPDX-License-Identifier: Apache-2.0

/// The numeric columns of a table, counted together as rows come: their edges and their counts lie side by side, so that a
/// row of many columns costs no more for each value than a column of many rows.
package struct RowCounter: Sendable, Hashable {
    fileprivate struct Column: Sendable, Hashable {
        let range: ClosedRange<Double>
        let lanes: Range<Int>
        let bins: Range<Int>
    }

    private let columns: [Column]
    private let lanes: [SIMD8<Double>]
    /// Of all columns, end to end.
    private var bins: [Int]
    /// Of each column all but the bins.
    private var others: [BinCounts]

    /// - Parameter counters: One a column, in the order of the row.
    package init(_ counters: [BinCounter]) {
        var (lane, bin) = (0, 0)
        columns = counters.map { counter in
            defer {
                lane += counter.lanes.count
                bin += counter.binCount
            }
            return Column(
                range: counter.range, lanes: lane..<lane + counter.lanes.count, bins: bin..<bin + counter.binCount)
        }
        lanes = counters.flatMap(\.lanes)
        bins = [Int](repeating: 0, count: bin)
        others = counters.map { _ in BinCounts(binCount: 0) }
    }

    /// Counts whole rows.
    ///
    /// - Parameter rows: Row by row; shape `[rows, columns]`. What is left of a last row that is cut off counts too.
    package mutating func count(_ rows: Span<Double>) {
        Statistics.count(rows.count, columns, lanes, &bins, &others) { rows[$0] }
    }

    /// Likewise of single precision.
    package mutating func count(_ rows: Span<Float>) {
        Statistics.count(rows.count, columns, lanes, &bins, &others) { Double(rows[$0]) }
    }

    /// A value that a column's type does not have.
    package mutating func countTypeError(inColumn column: Int) { others[column].typeErrors &+= 1 }

    /// What was counted of a column so far.
    package subscript(column: Int) -> BinCounts {
        var counts = others[column]
        counts.bins = Array(bins[columns[column].bins])
        return counts
    }
}

/// Of so many values, which come from `value`.
@inline(__always)
private func count(
    _ total: Int, _ columns: [RowCounter.Column], _ lanes: [SIMD8<Double>], _ bins: inout [Int],
    _ others: inout [BinCounts], _ value: (Int) -> Double
) {
    guard !columns.isEmpty else { return }
    let (columns, lanes) = (columns.span, lanes.span)
    var bins = bins.mutableSpan
    var others = others.mutableSpan
    var column = 0
    for place in 0..<total {
        let value = value(place)
        note(value, columns[column].range, &others[column])
        if !value.isNaN {
            bins[columns[column].bins.lowerBound &+ bin(of: value, lanes, columns[column].lanes)] &+= 1
        }
        column &+= 1
        if column == columns.count { column = 0 }
    }
}
