// SPDX-License-Identifier: Apache-2.0

/// How much a statistic varies with the rows it was computed from: it is computed again of rows drawn with replacement.
///
/// What is drawn is an entity (a user, a query) with all its rows: rows of one entity are no independent evidence. For two
/// versions the statistic is computed of the same rows of both.
///
/// - SeeAlso: B. Efron, “Bootstrap methods: another look at the jackknife”, 1979.
package struct Bootstrap: Sendable, Hashable {
    /// The statistic of each resample in the order drawn, those for which it is undefined left out.
    package let replicates: [Double]
    /// Resamples for which the statistic is undefined.
    package let undefinedCount: Int
    private let sorted: [Double]

    /// - Parameters:
    ///   - resamples: Rows of each, as they were drawn elsewhere.
    ///   - statistic: Of rows, some of them repeated.
    /// - Returns: `nil` when the statistic is undefined, or not finite, for all.
    package init?(resamples: some Sequence<[Int]>, statistic: ([Int]) -> Double?) {
        var (replicates, undefined): ([Double], Int) = ([], 0)
        for rows in resamples {
            if let value = statistic(rows), value.isFinite { replicates.append(value) } else { undefined += 1 }
        }
        guard !replicates.isEmpty else { return nil }
        self.replicates = replicates
        undefinedCount = undefined
        sorted = replicates.sorted()
    }

    /// - Parameters:
    ///   - entities: The rows of each; shape `[entities]`.
    ///   - resamples: How many are drawn.
    ///   - seed: The same one draws the same rows.
    ///   - statistic: Of rows, some of them repeated.
    /// - Returns: `nil` without an entity, or when the statistic is undefined for all resamples.
    package init?(entities: [[Int]], resamples: Int = 2000, seed: UInt64, statistic: ([Int]) -> Double?) {
        guard !entities.isEmpty, resamples > 0 else { return nil }
        var random = SplitMix(seed: seed)
        let drawn = (0..<resamples).lazy.map { _ in
            entities.indices.flatMap { _ in entities[random.nextIndex(below: entities.count)] }
        }
        self.init(resamples: drawn, statistic: statistic)
    }

    /// Every row by itself.
    package init?(rows: Int, resamples: Int = 2000, seed: UInt64, statistic: ([Int]) -> Double?) {
        self.init(entities: (0..<max(rows, 0)).map { [$0] }, resamples: resamples, seed: seed, statistic: statistic)
    }

    /// The rows of each entity, in the order in which entities first appear.
    ///
    /// - Parameter ids: Whose each row is, a text as its bytes; shape `[rows]`.
    package static func entities<ID: Hashable>(_ ids: [ID]) -> [[Int]] {
        var places: [ID: Int] = [:]
        return ids.enumerated().reduce(into: []) { entities, row in
            if let place = places[row.element] {
                entities[place].append(row.offset)
            } else {
                places[row.element] = entities.count
                entities.append([row.offset])
            }
        }
    }

    /// Between the quantiles that leave the same share of replicates on either side.
    ///
    /// - Returns: `nil` when `confidence` is not within (0, 1).
    package func interval(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard confidence > 0, confidence < 1, let lower = quantile((1 - confidence) / 2),
            let upper = quantile((1 + confidence) / 2)
        else { return nil }
        return ConfidenceInterval(lower: lower, upper: upper)
    }

    /// By linear interpolation between order statistics (type 7); `nil` when `probability` is not within [0, 1].
    package func quantile(_ probability: Double) -> Double? {
        guard probability >= 0, probability <= 1 else { return nil }
        let position = probability * Double(sorted.count - 1)
        let index = min(Int(position), sorted.count - 1)
        let share = position - Double(index)
        guard share > 0, index + 1 < sorted.count else { return sorted[index] }
        return sorted[index] * (1 - share) + sorted[index + 1] * share
    }
}
