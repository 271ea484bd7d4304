// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Truth against decision of several classes, and what is computed from it.
package struct ConfusionMatrix: Sendable, Hashable {
    /// Rows of each true and decided class; shape `[true class, decided class]`. Expected counts are no integers.
    package let counts: [[Double]]

    /// - Parameter counts: Square, not negative.
    package init(_ counts: [[Double]]) {
        precondition(counts.allSatisfy { $0.count == counts.count })
        self.counts = counts
    }

    /// - Parameters:
    ///   - labels: Shape `[rows]`.
    ///   - predictions: Shape `[rows]`.
    /// - Returns: `nil` when a class is not in 0 ..< `classes`.
    package init?(labels: [Int], predictions: [Int], classes: Int) {
        precondition(labels.count == predictions.count)
        guard classes > 0, (labels + predictions).allSatisfy({ (0..<classes).contains($0) }) else { return nil }
        var counts = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
        for (label, prediction) in zip(labels, predictions) { counts[label][prediction] += 1 }
        self.counts = counts
    }

    package var classes: Range<Int> { counts.indices }
    package var count: Double { counts.reduce(0) { $0 + $1.reduce(0, +) } }
    /// Rows of each class in truth; shape `[classes]`.
    package var support: [Double] { counts.map { $0.reduce(0, +) } }
    /// Rows decided to be of each class; shape `[classes]`.
    package var decided: [Double] { classes.map { index in counts.reduce(0) { $0 + $1[index] } } }
    private var right: [Double] { classes.map { counts[$0][$0] } }

    package var accuracy: Double? { ratio(right.reduce(0, +), count) }

    /// Precision, recall and F1 of one class, or averaged over several.
    package struct Scores: Sendable, Hashable {
        package let precision: Double?
        package let recall: Double?
        package let f1: Double?
    }

    /// Of each class by itself; what has no rows to count is `nil`. Shape `[classes]`.
    package var perClass: [Scores] {
        zip(zip(right, decided), support).map { counts, support in
            let (right, decided) = counts
            return Scores(
                precision: ratio(right, decided), recall: ratio(right, support), f1: ratio(2 * right, decided + support)
            )
        }
    }

    /// The mean over all classes; an undefined score counts 0, as if nothing had been found.
    package var macro: Scores? { average([Double](repeating: 1, count: counts.count)) }

    /// The mean over all classes, each counted by its rows; an undefined score counts 0.
    package var weighted: Scores? { average(support) }

    /// Over all decisions together: with one decision for each row all three are the accuracy.
    package var micro: Scores? { accuracy.map { Scores(precision: $0, recall: $0, f1: $0) } }

    private func average(_ weights: [Double]) -> Scores? {
        let sum = weights.reduce(0, +)
        guard sum > 0, count > 0 else { return nil }
        let scores = perClass
        func mean(_ score: KeyPath<Scores, Double?>) -> Double {
            zip(weights, scores).reduce(0) { $0 + $1.0 * ($1.1[keyPath: score] ?? 0) } / sum
        }
        return Scores(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1))
    }

    /// Mean recall of the classes that have rows.
    package var balancedAccuracy: Double? {
        let recalls = perClass.compactMap(\.recall)
        return ratio(recalls.reduce(0, +), Double(recalls.count))
    }

    /// The coefficient of Matthews for several classes, R_K; `nil` when truth or decision is always the same class.
    ///
    /// - SeeAlso: J. Gorodkin, “Comparing two K-category assignments by a K-category correlation coefficient”, 2004.
    package var matthews: Double? {
        let n = count
        guard n > 0 else { return nil }
        let (truth, decided) = (support.map { $0 / n }, decided.map { $0 / n })
        let covariance = right.reduce(0, +) / n - zip(truth, decided).reduce(0) { $0 + $1.0 * $1.1 }
        func spread(_ shares: [Double]) -> Double? {
            shares.contains(1) ? nil : 1 - shares.reduce(0) { $0 + $1 * $1 }
        }
        guard let ofTruth = spread(truth), let ofDecisions = spread(decided) else { return nil }
        return ratio(covariance, (ofTruth * ofDecisions).squareRoot())
    }

    /// Cohen's κ: how much of the agreement is beyond what the class shares alone would give.
    package var kappa: Double? {
        let n = count
        guard let accuracy, n > 0 else { return nil }
        let byChance = zip(support, decided).reduce(0) { $0 + ($1.0 / n) * ($1.1 / n) }
        return byChance < 1 ? (accuracy - byChance) / (1 - byChance) : nil
    }
}

/// How good probabilities of several classes are, once the truth is known.
package struct ClassProbabilityMetrics: Sendable, Hashable {
    /// Mean −ln of the probability given to what came true, clipped at 10⁻¹⁵, in nats.
    package let logLoss: Double
    /// Mean over rows of the squared distances to the truth, summed over classes: 0 to 2.
    package let brier: Double
    private let labels: [Int]
    private let probabilities: [[Double]]

    /// - Parameters:
    ///   - labels: Shape `[rows]`.
    ///   - probabilities: Used as they are, not made to sum to 1; shape `[rows, classes]`.
    /// - Returns: `nil` without a row, when a probability is outside [0, 1], or a label is none of the classes.
    package init?(labels: [Int], probabilities: [[Double]]) {
        precondition(labels.count == probabilities.count)
        guard let classes = probabilities.first?.count,
            labels.allSatisfy({ (0..<classes).contains($0) }),
            probabilities.allSatisfy({ $0.count == classes && $0.allSatisfy { $0 >= 0 && $0 <= 1 } })
        else { return nil }
        self.labels = labels
        self.probabilities = probabilities
        var (losses, squares) = (0.0, 0.0)
        for (label, row) in zip(labels, probabilities) {
            losses -= log(max(row[label], 1e-15))
            for (index, probability) in row.enumerated() {
                let distance = probability - (index == label ? 1 : 0)
                squares += distance * distance
            }
        }
        logLoss = losses / Double(labels.count)
        brier = squares / Double(labels.count)
    }

    /// Share of rows whose class is among the `count` most probable ones; of equal ones the earlier class comes first.
    package func topAccuracy(_ count: Int) -> Double {
        let hits = zip(labels, probabilities).count { label, row in
            let own = row[label]
            let before = row.enumerated().count { $0.element > own || ($0.element == own && $0.offset < label) }
            return before < count
        }
        return Double(hits) / Double(labels.count)
    }

    /// The mean over classes of the ``ROCArea`` of each against all others; `nil` unless every class has rows, and not
    /// all of them.
    package var rocAreaOneVersusRest: Double? {
        let areas = probabilities[0].indices.map { index in
            ROCArea(labels: labels.map { $0 == index }, scores: probabilities.map { $0[index] })?.area
        }
        let known = areas.compactMap(\.self)
        return known.count == areas.count ? ratio(known.reduce(0, +), Double(areas.count)) : nil
    }
}
