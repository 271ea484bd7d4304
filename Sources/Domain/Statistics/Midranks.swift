// SPDX-License-Identifier: Apache-2.0

/// The rank of each value among all, counted from 1; equal values share the mean of their ranks.
///
/// - Parameter values: Without NaN; infinities are in order.
/// - Returns: Shape `[values]`.
/// - Complexity: O(n log n).
func midranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        // Ranks start + 1 … end.
        for position in start..<end { ranks[order[position]] = Double(start + end + 1) / 2 }
        start = end
    }
    return ranks
}
