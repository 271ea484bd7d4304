// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Right and wrong decisions between two classes.
///
/// What has a 0 below its fraction is `nil`. The counts may be expected ones, and then are no integers.
package struct BinaryConfusion: Sendable, Hashable {
    package let truePositives: Double
    package let falsePositives: Double
    package let falseNegatives: Double
    package let trueNegatives: Double

    package init(
        truePositives: Double, falsePositives: Double, falseNegatives: Double, trueNegatives: Double
    ) {
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.falseNegatives = falseNegatives
        self.trueNegatives = trueNegatives
    }

    package var count: Double { truePositives + falsePositives + falseNegatives + trueNegatives }
    package var accuracy: Double? { ratio(truePositives + trueNegatives, count) }
    package var precision: Double? { ratio(truePositives, truePositives + falsePositives) }
    package var recall: Double? { ratio(truePositives, truePositives + falseNegatives) }
    package var specificity: Double? { ratio(trueNegatives, trueNegatives + falsePositives) }
    /// 2 TP / (2 TP + FP + FN).
    package var f1: Double? { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }
    /// Share of positive rows.
    package var prevalence: Double? { ratio(truePositives + falseNegatives, count) }

    package var balancedAccuracy: Double? {
        guard let recall, let specificity else { return nil }
        return (recall + specificity) / 2
    }

    /// The coefficient of Matthews: the correlation of decision and truth.
    package var matthews: Double? {
        // The root of each factor by itself: the product of four large counts need not be exact.
        let margins = [
            truePositives + falsePositives, truePositives + falseNegatives, trueNegatives + falsePositives,
            trueNegatives + falseNegatives,
        ]
        return ratio(
            truePositives * trueNegatives - falsePositives * falseNegatives,
            margins.reduce(1) { $0 * $1.squareRoot() })
    }
}

/// How good scores of two classes are, once the truth is known.
package struct BinaryMetrics: Sendable, Hashable {
    package let confusion: BinaryConfusion
    /// Mean squared distance of score and truth; `nil` when a score is no probability.
    package let brier: Double?
    /// Mean −ln of the probability given to what came true, clipped at 10⁻¹⁵, in nats; `nil` when a score is no
    /// probability.
    package let logLoss: Double?
    /// See ``ROCArea``; `nil` with one class.
    package let rocArea: Double?
    /// Σ (Rₖ − Rₖ₋₁) Pₖ over distinct scores, the highest first; `nil` without a positive row.
    package let averagePrecision: Double?

    /// - Parameters:
    ///   - labels: Whether each row is positive; shape `[rows]`.
    ///   - scores: Shape `[rows]`.
    ///   - threshold: A row counts as positive from this score on.
    /// - Returns: `nil` when a score is a NaN.
    /// - Complexity: O(n log n).
    package init?(labels: [Bool], scores: [Double], threshold: Double = 0.5) {
        precondition(labels.count == scores.count)
        guard !scores.contains(where: \.isNaN) else { return nil }
        var counts = [0, 0, 0, 0]
        var (squares, losses) = (0.0, 0.0)
        for (isPositive, score) in zip(labels, scores) {
            counts[(score >= threshold ? 0 : 2) + (isPositive == (score >= threshold) ? 0 : 1)] += 1
            let distance = score - (isPositive ? 1 : 0)
            squares += distance * distance
            let clipped = min(max(score, 1e-15), 1 - 1e-15)
            losses -= isPositive ? log(clipped) : log1p(-clipped)
        }
        confusion = BinaryConfusion(
            truePositives: Double(counts[0]), falsePositives: Double(counts[1]), falseNegatives: Double(counts[3]),
            trueNegatives: Double(counts[2]))
        let areProbabilities = !scores.isEmpty && scores.allSatisfy { $0 >= 0 && $0 <= 1 }
        brier = areProbabilities ? squares / Double(scores.count) : nil
        logLoss = areProbabilities ? losses / Double(scores.count) : nil
        rocArea = ROCArea(labels: labels, scores: scores)?.area
        averagePrecision = averagePrecisionOf(labels, scores)
    }
}

private func averagePrecisionOf(_ labels: [Bool], _ scores: [Double]) -> Double? {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    let positives = labels.count { $0 }
    guard positives > 0 else { return nil }
    var (sum, found, start) = (0.0, 0, 0)
    while start < order.count {
        var end = start
        var group = 0
        while end < order.count, scores[order[end]] == scores[order[start]] {
            if labels[order[end]] { group += 1 }
            end += 1
        }
        found += group
        sum += Double(group) * Double(found) / Double(end)
        start = end
    }
    return sum / Double(positives)
}

/// `nil` when `divisor` is not above 0.
func ratio(_ dividend: Double, _ divisor: Double) -> Double? { divisor > 0 ? (dividend / divisor).ifFinite : nil }
