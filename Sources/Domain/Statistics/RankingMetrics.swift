// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What was shown for one query, and how relevant each item was.
package struct RankedQuery: Sendable, Hashable {
    /// Graded, 0 for none; shape `[items]`.
    package let relevance: [Double]
    /// The higher the earlier; shape `[items]`.
    package let scores: [Double]

    package init(relevance: [Double], scores: [Double]) {
        precondition(relevance.count == scores.count)
        self.relevance = relevance
        self.scores = scores
    }
}

/// How well the first `depth` items of each query were chosen.
///
/// Items are in order of their scores, equal ones in the order given. A mean is over the queries for which the metric is
/// defined, and `nil` when there is none.
package struct RankingMetrics: Sendable, Hashable {
    /// DCG over that of the best order, gain = relevance, discount log₂(place + 1); `nil` without a relevant item. Shape
    /// `[queries]`.
    package let ndcg: [Double?]
    /// The same with items of equal score sharing their places, which no order of rows can change; `nil` for a single
    /// item. Shape `[queries]`.
    package let tieAveragedNDCG: [Double?]
    package let meanNDCG: Double?
    /// Mean 1 / place of the first relevant item, 0 where there is none.
    package let meanReciprocalRank: Double?
    /// Mean over queries of Σ precision at each relevant item / min(relevant items, depth).
    package let meanAveragePrecision: Double?
    /// Mean share of the `depth` places that hold a relevant item.
    package let meanPrecision: Double?
    /// Mean share of the relevant items that are shown.
    package let meanRecall: Double?

    /// - Returns: `nil` when `depth` is not above 0, a score is a NaN, or a relevance is not finite or below 0.
    package init?(queries: [RankedQuery], depth: Int) {
        guard depth > 0,
            queries.allSatisfy({ query in
                query.relevance.allSatisfy { $0.isFinite && $0 >= 0 } && !query.scores.contains(where: \.isNaN)
            })
        else { return nil }
        let found = queries.map { RankedItems($0, depth: depth) }
        ndcg = found.map(\.ndcg)
        tieAveragedNDCG = found.map(\.tieAveragedNDCG)
        meanNDCG = mean(ndcg)
        meanReciprocalRank = mean(found.map(\.reciprocalRank))
        meanAveragePrecision = mean(found.map(\.averagePrecision))
        meanPrecision = mean(found.map(\.precision))
        meanRecall = mean(found.map(\.recall))
    }
}

private func mean(_ values: [Double?]) -> Double? {
    let known = values.compactMap(\.self)
    return ratio(known.reduce(0, +), Double(known.count))
}

private struct RankedItems {
    /// Relevance and score in the order shown.
    private let items: [(gain: Double, score: Double)]
    private let depth: Int
    private let ideal: Double
    private let relevant: Int

    init(_ query: RankedQuery, depth: Int) {
        let order = query.scores.indices.sorted {
            (query.scores[$0], $1) > (query.scores[$1], $0)
        }
        items = order.map { (query.relevance[$0], query.scores[$0]) }
        self.depth = depth
        ideal = gainOf(query.relevance.sorted(by: >), depth)
        relevant = query.relevance.count { $0 > 0 }
    }

    private var shown: ArraySlice<(gain: Double, score: Double)> { items.prefix(depth) }

    var ndcg: Double? { ratio(gainOf(items.map(\.gain), depth), ideal) }

    var tieAveragedNDCG: Double? {
        guard items.count > 1 else { return nil }
        var gains: [Double] = []
        while gains.count < items.count {
            let tied = items[gains.count...].prefix { $0.score == items[gains.count].score }
            let shared = tied.reduce(0) { $0 + $1.gain } / Double(tied.count)
            gains += [Double](repeating: shared, count: tied.count)
        }
        return ratio(gainOf(gains, depth), ideal)
    }

    var reciprocalRank: Double {
        shown.firstIndex { $0.gain > 0 }.map { 1 / Double($0 + 1) } ?? 0
    }

    var averagePrecision: Double? {
        var (sum, hits) = (0.0, 0)
        for (place, item) in shown.enumerated() where item.gain > 0 {
            hits += 1
            sum += Double(hits) / Double(place + 1)
        }
        return ratio(sum, Double(min(relevant, depth)))
    }

    private var hits: Double { Double(shown.count { $0.gain > 0 }) }
    var precision: Double? { ratio(hits, Double(depth)) }
    var recall: Double? { ratio(hits, Double(relevant)) }
}

private func gainOf(_ gains: [Double], _ depth: Int) -> Double {
    gains.prefix(depth).enumerated().reduce(0) { $0 + $1.element / log2(Double($1.offset + 2)) }
}
