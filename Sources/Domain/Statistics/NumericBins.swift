// SPDX-License-Identifier: Apache-2.0

/// Fixed bins of a numeric column, chosen once from the training data, so that production only counts.
///
/// Edges are the inner deciles of the finite baseline values, by linear interpolation between order statistics (type 7),
/// plus a bin of its own around every atom (a value that fills a decile by itself: zeros, constants, small integers).
/// A bin is (eᵢ, eᵢ₊₁]; the outer ones are open.
package struct NumericBins: Sendable, Hashable {
    /// Ascending, without repeats; shape `[bins − 1]`.
    package let edges: [Double]

    /// - Parameters:
    ///   - sorted: Finite values, ascending, at least one; −0 must be 0.
    ///   - count: Bins to aim at, before atoms add theirs.
    /// - Complexity: O(`count`).
    package init(quantilesOf sorted: [Double], count: Int = 10) {
        let quantiles = (0...count).map { quantile($0, of: count, in: sorted) }
        var edges = Array(quantiles[1..<count])
        for (value, next) in zip(quantiles, quantiles.dropFirst()) where value == next {
            edges.append(value)
            edges.append(value.nextDown)
        }
        edges.sort()
        self.edges = edges.reduce(into: []) { unique, edge in
            if unique.last != edge, edge.isFinite { unique.append(edge) }
        }
    }

    /// - Parameter edges: Ascending, without repeats.
    package init(edges: [Double]) { self.edges = edges }

    package var count: Int { edges.count + 1 }

    /// The bin of `value`: the number of edges below it. Infinities fall into the outer bins.
    ///
    /// - Precondition: `value` is no NaN.
    package func index(of value: Double) -> Int {
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Quantile `step/steps` of ascending values, at least one (type 7). The position is computed in integers: 0.7·(n − 1)
/// rounds, and an edge one unit below a value would move that value to the next bin.
package func quantile(_ step: Int, of steps: Int, in sorted: [Double]) -> Double {
    let position = step * (sorted.count - 1)
    let (index, remainder) = position.quotientAndRemainder(dividingBy: steps)
    let value = sorted[index]
    guard remainder != 0, sorted[index + 1] != value else { return value }
    let (distance, share) = (sorted[index + 1] - value, Double(remainder) / Double(steps))
    // The two may lie further apart than a number can say.
    return distance.isFinite ? value + distance * share : value * (1 - share) + sorted[index + 1] * share
}
