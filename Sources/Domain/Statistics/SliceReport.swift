// SPDX-License-Identifier: Apache-2.0

/// How good decisions between two classes are in each part of the rows, and how differently parts are treated.
package struct SliceReport: Sendable, Hashable {
    package struct Slice: Sendable, Hashable {
        package let name: String
        package let count: Int
        package let correct: Proportion
        /// Share decided to be positive.
        package let selectionRate: Double
        /// `nil` without a positive row.
        package let truePositiveRate: Double?
        /// `nil` without a negative row.
        package let falsePositiveRate: Double?
        /// Whether it has rows enough to be judged.
        package let isEvaluated: Bool
        /// Whether it is worse than all rows together by more than the margin, for sure.
        package fileprivate(set) var fails = false

        package var accuracy: Double { correct.rate }
    }

    package let overallAccuracy: Double
    /// By name, byte by byte.
    package let slices: [Slice]

    /// Above so many evaluated slices, some look bad by chance, and limits are adjusted by Holm's rule.
    package static let slicesWithoutAdjustment = 20

    /// - Parameters:
    ///   - labels: Whether each row is positive; shape `[rows]`.
    ///   - predictions: Whether it was decided to be; shape `[rows]`.
    ///   - slices: UTF-8 names of what each row belongs to; shape `[rows]`.
    ///   - minimumRows: Smaller slices are not evaluated, hence do not fail.
    ///   - margin: By how much the accuracy of a slice may be below that of all rows.
    /// - Returns: `nil` without a row.
    package init?(
        labels: [Bool], predictions: [Bool], slices names: [[UInt8]], minimumRows: Int = 30, margin: Double = 0.02
    ) {
        precondition(labels.count == predictions.count && labels.count == names.count)
        let counts = zip(zip(labels, predictions), names).reduce(into: [[UInt8]: Counts]()) { counts, row in
            counts[row.1, default: Counts()].add(isPositive: row.0.0, isSelected: row.0.1)
        }
        let right = zip(labels, predictions).count { $0 == $1 }
        guard let overall = Proportion(right, of: labels.count)?.rate else { return nil }
        overallAccuracy = overall
        var slices = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { name, counts in
            counts.slice(String(decoding: name, as: UTF8.self), minimumRows)
        }
        for index in failing(slices, below: overall - margin) { slices[index].fails = true }
        self.slices = slices
    }

    // MARK: Fairness

    /// The largest selection rate less the smallest; `nil` with fewer than two slices.
    package var demographicParityDifference: Double? { spread(slices.map(\.selectionRate)) }

    /// The smallest selection rate over the largest: four fifths is a common limit; `nil` with fewer than two slices, or
    /// when nothing is selected.
    package var demographicParityRatio: Double? {
        let rates = slices.map(\.selectionRate)
        guard rates.count > 1, let least = rates.min(), let most = rates.max() else { return nil }
        return ratio(least, most)
    }

    /// The larger of the spreads of true and false positive rates; slices for which one is undefined do not take part.
    package var equalizedOddsDifference: Double? {
        guard let ofPositives = spread(slices.compactMap(\.truePositiveRate)),
            let ofNegatives = spread(slices.compactMap(\.falsePositiveRate))
        else { return nil }
        return max(ofPositives, ofNegatives)
    }

    private func spread(_ rates: [Double]) -> Double? {
        guard rates.count > 1, let least = rates.min(), let most = rates.max() else { return nil }
        return most - least
    }
}

private struct Counts {
    var (truePositives, falsePositives, falseNegatives, trueNegatives) = (0, 0, 0, 0)

    mutating func add(isPositive: Bool, isSelected: Bool) {
        switch (isPositive, isSelected) {
        case (true, true): truePositives += 1
        case (false, true): falsePositives += 1
        case (true, false): falseNegatives += 1
        case (false, false): trueNegatives += 1
        }
    }

    func slice(_ name: String, _ minimumRows: Int) -> SliceReport.Slice? {
        let count = truePositives + falsePositives + falseNegatives + trueNegatives
        return Proportion(truePositives + trueNegatives, of: count).map { correct in
            SliceReport.Slice(
                name: name, count: count, correct: correct,
                selectionRate: Double(truePositives + falsePositives) / Double(count),
                truePositiveRate: Proportion(truePositives, of: truePositives + falseNegatives)?.rate,
                falsePositiveRate: Proportion(falsePositives, of: falsePositives + trueNegatives)?.rate,
                isEvaluated: count >= minimumRows)
        }
    }
}

/// The slices whose upper limit by Wilson at 95 % is below `bound`. For many, the worst of k has to be below at
/// 1 − 0.05 / k, the next at 1 − 0.05 / (k − 1), and so on until one is not.
private func failing(_ slices: [SliceReport.Slice], below bound: Double) -> [Int] {
    let evaluated = slices.indices.filter { slices[$0].isEvaluated }
    func fails(_ index: Int, outOf count: Int) -> Bool {
        slices[index].correct.wilson(confidence: 1 - 0.05 / Double(count)).map { $0.upper < bound } ?? false
    }
    guard evaluated.count > SliceReport.slicesWithoutAdjustment else {
        return evaluated.filter { fails($0, outOf: 1) }
    }
    // How far below the bound, in standard errors at the bound: what Wilson's limit turns on.
    func distance(_ index: Int) -> Double {
        (slices[index].accuracy - bound) * Double(slices[index].count).squareRoot()
    }
    let worstFirst = evaluated.sorted { (distance($0), $0) < (distance($1), $1) }
    return worstFirst.enumerated().prefix { fails($0.element, outOf: evaluated.count - $0.offset) }.map(\.element)
}
