// SPDX-License-Identifier: Apache-2.0

/// How good decisions between two classes are likely to be, before anybody knows the truth: confidence-based performance
/// estimation (CBPE).
///
/// A calibrated probability c says that of rows like this one c are positive; so each counts as c positives and 1 − c
/// negatives. That holds while P(y | x) is what it was: a change of it is invisible here, by construction.
///
/// - SeeAlso: NannyML, *Confidence-based Performance Estimation*.
package struct EstimatedPerformance: Sendable, Hashable {
    /// Expected counts; what metrics they have are the estimates.
    package let confusion: BinaryConfusion
    /// Of the ``ROCArea``, ties counted half; `nil` when all rows are certainly of one class.
    package let rocArea: Double?
    /// Σ c (1 − c) over the rows decided to be positive, and negative: how much their counts vary with the labels.
    private let varianceOfPositives: Double
    private let varianceOfNegatives: Double

    /// - Parameters:
    ///   - scores: What is decided by; shape `[rows]`.
    ///   - calibrated: Probabilities of being positive, as ``IsotonicRegression`` makes them; shape `[rows]`.
    ///   - threshold: A row is decided to be positive from this score on.
    /// - Returns: `nil` without a row, when a score is a NaN, or a calibrated probability outside [0, 1].
    /// - Complexity: O(n log n).
    package init?(scores: [Double], calibrated: [Double], threshold: Double = 0.5) {
        precondition(scores.count == calibrated.count)
        guard !scores.isEmpty, !scores.contains(where: \.isNaN), calibrated.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
            return nil
        }
        var (positives, negatives) = (ExpectedCount(), ExpectedCount())
        for (score, probability) in zip(scores, calibrated) {
            if score >= threshold { positives.add(probability) } else { negatives.add(probability) }
        }
        confusion = BinaryConfusion(
            truePositives: positives.ofPositives, falsePositives: positives.ofNegatives,
            falseNegatives: negatives.ofPositives, trueNegatives: negatives.ofNegatives)
        (varianceOfPositives, varianceOfNegatives) = (positives.variance, negatives.variance)
        rocArea = expectedROCArea(scores, calibrated)
    }

    // MARK: How far the truth may lie from the estimate, by the chance of the labels alone

    /// √Σ c (1 − c) / n.
    package var accuracyStandardError: Double {
        (varianceOfPositives + varianceOfNegatives).squareRoot() / confusion.count
    }

    /// Of ``BinaryConfusion/precision``, exactly; the others to first order.
    package var precisionStandardError: Double? {
        ratio(varianceOfPositives.squareRoot(), confusion.truePositives + confusion.falsePositives)
    }

    package var recallStandardError: Double? {
        confusion.recall.flatMap { recall in
            ratio(
                ((1 - recall) * (1 - recall) * varianceOfPositives + recall * recall * varianceOfNegatives)
                    .squareRoot(),
                confusion.truePositives + confusion.falseNegatives)
        }
    }

    package var specificityStandardError: Double? {
        confusion.specificity.flatMap { share in
            ratio(
                ((1 - share) * (1 - share) * varianceOfNegatives + share * share * varianceOfPositives).squareRoot(),
                confusion.trueNegatives + confusion.falsePositives)
        }
    }

    package var f1StandardError: Double? {
        confusion.f1.flatMap { f1 in
            ratio(
                ((2 - f1) * (2 - f1) * varianceOfPositives + f1 * f1 * varianceOfNegatives).squareRoot(),
                2 * confusion.truePositives + confusion.falsePositives + confusion.falseNegatives)
        }
    }

    /// The band around an estimate: `multiplier` standard errors to either side, within [0, 1].
    package static func band(_ estimate: Double, standardError: Double, multiplier: Double = 3) -> ConfidenceInterval {
        ConfidenceInterval(lower: estimate - multiplier * standardError, upper: estimate + multiplier * standardError)
            .clipped(to: 0...1)
    }

    /// The same for several classes: the confusion matrix to expect when the most probable class is decided for.
    ///
    /// - Parameter calibrated: Probabilities of the classes; shape `[rows, classes]`. Of equal ones the first is decided
    ///   for.
    /// - Returns: `nil` without a row or a class, when rows differ in length, or a probability is outside [0, 1].
    package static func confusion(calibrated: [[Double]]) -> ConfusionMatrix? {
        guard let classes = calibrated.first?.count, classes > 0,
            calibrated.allSatisfy({ $0.count == classes && $0.allSatisfy { $0 >= 0 && $0 <= 1 } })
        else { return nil }
        var counts = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
        for row in calibrated {
            let decided = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
            for (index, probability) in row.enumerated() { counts[index][decided] += probability }
        }
        return ConfusionMatrix(counts)
    }
}

private struct ExpectedCount {
    var ofPositives = 0.0
    var ofNegatives = 0.0
    var variance = 0.0

    mutating func add(_ probability: Double) {
        ofPositives += probability
        ofNegatives += 1 - probability
        variance += probability * (1 - probability)
    }
}

/// Σ over distinct scores of w⁺ (W⁻ below + w⁻ / 2) / (W⁺ W⁻), w⁺ = Σ c and w⁻ = Σ (1 − c) of the rows of a score.
private func expectedROCArea(_ scores: [Double], _ calibrated: [Double]) -> Double? {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var (sum, below, positives) = (0.0, 0.0, 0.0)
    var start = 0
    while start < order.count {
        var (end, tied) = (start, ExpectedCount())
        while end < order.count, scores[order[end]] == scores[order[start]] {
            tied.add(calibrated[order[end]])
            end += 1
        }
        sum += tied.ofPositives * (below + tied.ofNegatives / 2)
        below += tied.ofNegatives
        positives += tied.ofPositives
        start = end
    }
    return ratio(sum, positives * below)
}
