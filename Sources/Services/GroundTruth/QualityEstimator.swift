// SPDX-License-Identifier: Apache-2.0
internal import Statistics

/// Estimates the quality of answers without labels from their probabilities, made right by the labels that there are.
struct QualityEstimator {
    /// Fewer labels than these calibrate nothing, and say nothing about the probabilities.
    static let leastLabels = 200
    private static let leastOfAClass = 10
    /// The mean distance of what probabilities say and what came true, beyond what chance makes of it.
    private static let largestError = 0.05

    private let form: AnswerForm
    private let curve: IsotonicRegression?
    private let labelCount: Int
    private let error: Double?

    /// - Parameter labelled: Of the version, in the order of their predictions.
    init(_ form: AnswerForm, labelled: [LabelledRow]) {
        self.form = form
        guard form.kind == .binary, form.classes.count == 2 else {
            (curve, labelCount, error) = (nil, 0, Self.error(form, labelled))
            return
        }
        let rows = labelled.compactMap { row -> (score: Double, truth: Bool)? in
            guard let score = row.answer.score, let place = form.place(of: row.truth) else { return nil }
            return (score, place == 1)
        }
        let positives = rows.count { $0.truth }
        guard rows.count >= Self.leastLabels, min(positives, rows.count - positives) >= Self.leastOfAClass else {
            (curve, labelCount, error) = (nil, 0, rows.count < Self.leastLabels ? nil : Self.error(rows))
            return
        }
        func fitted(_ rows: some Sequence<(score: Double, truth: Bool)>) -> IsotonicRegression? {
            IsotonicRegression(scores: rows.map(\.score), targets: rows.map { $0.truth ? 1 : 0 })
        }
        curve = fitted(rows)
        labelCount = curve == nil ? 0 : rows.count
        // What the older half teaches is tried on the newer one.
        let half = rows.count / 2
        let older = fitted(rows.prefix(half))
        error = Self.error(rows.dropFirst(half).map { (older?.value(at: $0.score) ?? $0.score, $0.truth) })
    }

    /// How far probabilities are off, beyond chance.
    private static func error(_ rows: [(score: Double, truth: Bool)]) -> Double? {
        let newest = rows.suffix(5000)
        let probabilities = newest.map(\.score)
        guard let curve = CalibrationCurve(labels: newest.map(\.truth), probabilities: probabilities),
            let chance = CalibrationCurve.expectedErrorByChance(
                probabilities: probabilities, repetitions: 20, seed: 41)
        else { return nil }
        return max(0, curve.expectedError - chance)
    }

    /// Of several classes: of the probability of the one that was decided for.
    private static func error(_ form: AnswerForm, _ labelled: [LabelledRow]) -> Double? {
        let rows = labelled.compactMap { row -> (score: Double, truth: Bool)? in
            guard let most = row.answer.shares?.max(), let decided = row.answer.decided else { return nil }
            return (most, decided.utf8.elementsEqual(row.truth.utf8))
        }
        return rows.count < leastLabels ? nil : error(rows)
    }

    /// - Parameters:
    ///   - answers: Of all predictions, with labels and without.
    /// - Returns: `nil` where there are no probabilities.
    func estimate(_ answers: [RowAnswer]) -> QualityEstimate? {
        guard form.kind.hasClasses else { return nil }
        let metrics = form.kind == .binary ? binary(answers) : severalClasses(answers)
        guard !metrics.isEmpty else { return nil }
        return QualityEstimate(
            metrics: metrics, rows: answers.count, calibratedOn: labelCount,
            isValid: error.map { $0 <= Self.largestError }, because: because)
    }

    private var because: String {
        guard let error else { return "fewer than \(Self.leastLabels) labels say whether the probabilities are right" }
        let text = "\((error * 1000).rounded() / 10) pp"
        return error <= Self.largestError
            ? "what the probabilities say was right to \(text)"
            : "what the probabilities say was \(text) off, more than \(Self.largestError * 100) pp"
    }

    private func binary(_ answers: [RowAnswer]) -> [QualityMetric] {
        var (scores, calibrated, decided) = ([Double](), [Double](), [Double]())
        for answer in answers {
            guard let score = answer.score, let place = answer.decided.flatMap(form.place) else { continue }
            scores.append(score)
            calibrated.append(min(1, max(0, curve?.value(at: score) ?? score)))
            decided.append(Double(place))
        }
        guard let found = EstimatedPerformance(scores: decided, calibrated: calibrated),
            let ranks = EstimatedPerformance(scores: scores, calibrated: calibrated)
        else { return [] }
        func metric(_ name: String, _ value: Double?, _ error: Double?) -> QualityMetric? {
            QualityMetric(
                name, value,
                value.flatMap { value in error.map { EstimatedPerformance.band(value, standardError: $0) } })
        }
        return [
            metric("accuracy", found.confusion.accuracy, found.accuracyStandardError),
            metric("precision", found.confusion.precision, found.precisionStandardError),
            metric("recall", found.confusion.recall, found.recallStandardError),
            metric("f1", found.confusion.f1, found.f1StandardError),
            metric("roc_auc", ranks.rocArea, nil),
        ].compactMap(\.self)
    }

    private func severalClasses(_ answers: [RowAnswer]) -> [QualityMetric] {
        let shares = answers.compactMap(\.shares)
        guard let matrix = EstimatedPerformance.confusion(calibrated: shares), let accuracy = matrix.accuracy else {
            return []
        }
        let variance = shares.reduce(0) { sum, row in
            let most = row.max() ?? 0
            return sum + most * (1 - most)
        }
        return [
            QualityMetric(
                "accuracy", accuracy,
                EstimatedPerformance.band(accuracy, standardError: variance.squareRoot() / Double(shares.count))),
            QualityMetric("macro_f1", matrix.macro?.f1, nil),
        ].compactMap(\.self)
    }
}
