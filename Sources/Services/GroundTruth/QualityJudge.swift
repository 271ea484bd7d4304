// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics

/// Judges labelled rows of one version.
struct QualityJudge {
    let form: AnswerForm
    let rows: [LabelledRow]
    private let blocks: ResampledBlocks

    init(_ form: AnswerForm, _ rows: [LabelledRow]) {
        self.form = form
        self.rows = rows
        blocks = ResampledBlocks(entities: rows.map { $0.key.map { Array($0.utf8) } ?? $0.prediction.bytes })
    }

    /// - Returns: `nil` where no row can be judged.
    var quality: Quality? {
        switch form.kind {
        case .binary: form.classes.count == 2 ? binary : severalClasses
        case .multiclass: severalClasses
        case .regression: regression
        case .ranking: ranking
        }
    }

    // MARK: Two classes

    private var binary: Quality? {
        let places = rows.map { (truth: form.place(of: $0.truth), decided: $0.answer.decided.flatMap(form.place)) }
        guard
            let matrix = ConfusionMatrix(
                labels: places.map { $0.truth ?? 0 }, predictions: places.map { $0.decided ?? 0 }, classes: 2),
            !rows.isEmpty, places.allSatisfy({ $0.truth != nil && $0.decided != nil })
        else { return severalClasses }
        let counts = BinaryConfusion(
            truePositives: matrix.counts[1][1], falsePositives: matrix.counts[0][1],
            falseNegatives: matrix.counts[1][0], trueNegatives: matrix.counts[0][0])
        let truth = places.map { $0.truth == 1 }
        let decided = places.map { $0.decided == 1 }
        let f1 = blocks.interval(
            columns: rows.indices.map { row in
                [truth[row] && decided[row] ? 1 : 0, truth[row] != decided[row] ? 1 : 0]
            }
        ) { sums in ratio(2 * sums[0], 2 * sums[0] + sums[1]) }
        var metrics = [
            QualityMetric(
                "accuracy", counts.accuracy, wilson(counts.truePositives + counts.trueNegatives, counts.count)),
            QualityMetric(
                "precision", counts.precision,
                wilson(counts.truePositives, counts.truePositives + counts.falsePositives)),
            QualityMetric(
                "recall", counts.recall, wilson(counts.truePositives, counts.truePositives + counts.falseNegatives)),
            QualityMetric("f1", counts.f1, f1),
        ]
        let scores = rows.compactMap(\.answer.score)
        if scores.count == rows.count, let found = BinaryMetrics(labels: truth, scores: scores) {
            let area = ROCArea(labels: truth, scores: scores)
            let losses = rows.indices.map { row in
                let distance = scores[row] - (truth[row] ? 1 : 0)
                return [logLoss(truth[row] ? scores[row] : 1 - scores[row]), distance * distance, 1]
            }
            metrics += [
                QualityMetric("roc_auc", found.rocArea, area.flatMap { $0.logitInterval() ?? $0.waldInterval() }),
                QualityMetric("log_loss", found.logLoss, blocks.interval(columns: losses) { $0[0] / $0[2] }),
                QualityMetric("brier", found.brier, blocks.interval(columns: losses) { $0[1] / $0[2] }),
            ]
        }
        let positives = truth.count { $0 }
        return Quality(
            kind: .binary, metrics: metrics.compactMap(\.self), classes: form.classes.map { $0 ?? "" },
            confusion: matrix, rows: rows.count, minority: min(positives, rows.count - positives))
    }

    // MARK: Several classes

    private var severalClasses: Quality? {
        let judged = rows.indices.filter { rows[$0].answer.decided != nil }
        guard !judged.isEmpty else { return nil }
        var places: [Word: Int] = [:]
        var names: [String] = []
        func place(_ name: String) -> Int {
            if let known = places[Word(text: name)] { return known }
            places[Word(text: name)] = names.count
            names.append(name)
            return names.count - 1
        }
        for name in form.classes { if let name { _ = place(name) } }
        let truth = judged.map { place(rows[$0].truth) }
        let decided = judged.map { place(rows[$0].answer.decided ?? "") }
        guard let matrix = ConfusionMatrix(labels: truth, predictions: decided, classes: names.count) else {
            return nil
        }
        let right = zip(truth, decided).count { $0 == $1 }
        var macro: ConfidenceInterval?
        if names.count <= 20, judged.count == rows.count {
            macro = blocks.interval(
                columns: zip(truth, decided).map { truth, decided in
                    var row = [Double](repeating: 0, count: 3 * names.count)
                    if truth == decided { row[truth] = 1 }
                    row[names.count + truth] += 1
                    row[2 * names.count + decided] += 1
                    return row
                }
            ) { sums in
                let count = names.count
                return (0..<count).reduce(0) { sum, name in
                    sum + (ratio(2 * sums[name], sums[count + name] + sums[2 * count + name]) ?? 0)
                } / Double(count)
            }
        }
        var metrics = [
            QualityMetric("accuracy", matrix.accuracy, wilson(Double(right), Double(judged.count))),
            QualityMetric("macro_f1", matrix.macro?.f1, macro),
            QualityMetric("macro_precision", matrix.macro?.precision, nil),
            QualityMetric("macro_recall", matrix.macro?.recall, nil),
            QualityMetric("weighted_f1", matrix.weighted?.f1, nil),
            QualityMetric("matthews", matrix.matthews, nil),
        ]
        let shares = rows.compactMap(\.answer.shares)
        let inForm = rows.compactMap { form.place(of: $0.truth) }
        if shares.count == rows.count, inForm.count == rows.count,
            let found = ClassProbabilityMetrics(labels: inForm, probabilities: shares)
        {
            let losses = zip(inForm, shares).map { label, row in
                let squares = row.enumerated().reduce(0) { sum, share in
                    let distance = share.element - (share.offset == label ? 1 : 0)
                    return sum + distance * distance
                }
                return [logLoss(row[label]), squares, 1]
            }
            metrics += [
                QualityMetric("roc_auc_ovr", found.rocAreaOneVersusRest, nil),
                QualityMetric("log_loss", found.logLoss, blocks.interval(columns: losses) { $0[0] / $0[2] }),
                QualityMetric("brier", found.brier, blocks.interval(columns: losses) { $0[1] / $0[2] }),
            ]
        }
        return Quality(
            kind: .multiclass, metrics: metrics.compactMap(\.self), classes: names, confusion: matrix,
            rows: judged.count, minority: Int(matrix.support.filter { $0 > 0 }.min() ?? 0))
    }

    // MARK: Numbers

    private var regression: Quality? {
        let judged = rows.filter { $0.answer.score != nil && Double($0.truth) != nil }
        let truth = judged.compactMap { Double($0.truth) }
        let answers = judged.compactMap(\.answer.score)
        guard let found = RegressionMetrics(labels: truth, predictions: answers) else { return nil }
        let middle = truth.reduce(0, +) / Double(truth.count)
        let own = judged.count == rows.count ? blocks : ResampledBlocks(entities: judged.map(\.prediction.bytes))
        // Centred, so that the squares of large numbers do not hide their differences.
        let columns = zip(truth, answers).map { truth, answer in
            let (error, size) = (answer - truth, truth - middle)
            return [1, abs(error), error * error, error, size, size * size]
        }
        return Quality(
            kind: .regression,
            metrics: [
                QualityMetric("mae", found.meanAbsoluteError, own.interval(columns: columns) { $0[1] / $0[0] }),
                QualityMetric(
                    "rmse", found.rootMeanSquaredError,
                    own.interval(columns: columns) { ($0[2] / $0[0]).squareRoot() }),
                QualityMetric(
                    "r2", found.r2,
                    own.interval(columns: columns) { sums in
                        ratio(sums[2], sums[5] - sums[4] * sums[4] / sums[0]).map { 1 - $0 }
                    }),
                QualityMetric("bias", found.bias, own.interval(columns: columns) { $0[3] / $0[0] }),
            ].compactMap(\.self), classes: [], confusion: nil, rows: judged.count, minority: nil)
    }

    // MARK: Rankings

    /// Rows with one key, or else of one prediction, are what was shown for one query.
    private var ranking: Quality? {
        let judged = rows.filter { $0.answer.score != nil && Double($0.truth) != nil }
        let queries = Bootstrap.entities(judged.map { $0.key.map { Array($0.utf8) } ?? $0.prediction.bytes })
        let ranked = queries.map { items in
            RankedQuery(
                relevance: items.map { Double(judged[$0].truth) ?? 0 },
                scores: items.map { judged[$0].answer.score ?? 0 })
        }
        guard !ranked.isEmpty, let found = RankingMetrics(queries: ranked, depth: 10) else { return nil }
        let gains = found.ndcg.compactMap(\.self)
        let own = ResampledBlocks(entities: gains.indices.map { name($0) })
        return Quality(
            kind: .ranking,
            metrics: [
                QualityMetric(
                    "ndcg_at_10", found.meanNDCG, own.interval(columns: gains.map { [$0, 1] }) { $0[0] / $0[1] }),
                QualityMetric("mrr_at_10", found.meanReciprocalRank, nil),
                QualityMetric("map_at_10", found.meanAveragePrecision, nil),
                QualityMetric("precision_at_10", found.meanPrecision, nil),
            ].compactMap(\.self), classes: [], confusion: nil, rows: judged.count, minority: nil)
    }
}

/// The bytes of a number, as an id.
private func name(_ number: Int) -> [UInt8] { Array(String(number).utf8) }

private func wilson(_ successes: Double, _ trials: Double) -> ConfidenceInterval? {
    Proportion(Int(successes), of: Int(trials))?.wilson()
}

func ratio(_ dividend: Double, _ divisor: Double) -> Double? {
    let value = dividend / divisor
    return divisor > 0 && value.isFinite ? value : nil
}
