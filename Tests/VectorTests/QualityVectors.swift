// SPDX-License-Identifier: Apache-2.0
import Statistics

let qualityKinds: [VectorKind] = [
    VectorKind("classificationBinary", classificationBinary),
    VectorKind("classificationMulticlass", classificationMulticlass),
    VectorKind("regression", regression), VectorKind("ranking", ranking),
    VectorKind("proportionIntervals", proportionIntervals), VectorKind("proportionDifference", proportionDifference),
    VectorKind("delong", delong), VectorKind("calibration", calibration),
    VectorKind("cbpe", optional: ["nannyml"], cbpe), VectorKind("labelJoin", labelJoin),
]

extension Outcome {
    init(_ interval: ConfidenceInterval?) {
        self = interval.map { Outcome([$0.lower, $0.upper]) } ?? .undefined
    }
}

extension VectorValue {
    /// Zeros and ones.
    var labels: [Bool] { get throws { try integers.map { $0 == 1 } } }
}

private func classificationBinary(_ input: VectorValue) throws -> Outcome {
    let found = BinaryMetrics(
        labels: try input["y"].labels, scores: try input["score"].numbers, threshold: try input["threshold"].number)
    guard let found else { return .undefined }
    let confusion = found.confusion
    return .record([
        "n": .number(confusion.count), "tp": .number(confusion.truePositives), "fp": .number(confusion.falsePositives),
        "fn": .number(confusion.falseNegatives), "tn": .number(confusion.trueNegatives),
        "accuracy": Outcome(confusion.accuracy), "precision": Outcome(confusion.precision),
        "recall": Outcome(confusion.recall), "specificity": Outcome(confusion.specificity),
        "f1": Outcome(confusion.f1), "mcc": Outcome(confusion.matthews),
        "balancedAccuracy": Outcome(confusion.balancedAccuracy), "prevalence": Outcome(confusion.prevalence),
        "brier": Outcome(found.brier), "logLoss": Outcome(found.logLoss), "rocAuc": Outcome(found.rocArea),
        "averagePrecision": Outcome(found.averagePrecision),
    ])
}

private func classificationMulticlass(_ input: VectorValue) throws -> Outcome {
    let labels = try input["y"].integers
    let matrix = ConfusionMatrix(
        labels: labels, predictions: try input["predicted"].integers, classes: try input["classes"].integer)
    guard let matrix else { return .undefined }
    func scores(_ scores: ConfusionMatrix.Scores?) -> Outcome {
        .record([
            "precision": Outcome(scores?.precision), "recall": Outcome(scores?.recall), "f1": Outcome(scores?.f1),
        ])
    }
    var found: [String: Outcome] = [
        "confusion": .list(matrix.counts.map { .list($0.map { .exact($0) }) }), "accuracy": Outcome(matrix.accuracy),
        "perClass": .record([
            "precisionZeroIfUndefined": Outcome(matrix.perClass.map { $0.precision ?? 0 }),
            "recallZeroIfUndefined": Outcome(matrix.perClass.map { $0.recall ?? 0 }),
            "f1ZeroIfUndefined": Outcome(matrix.perClass.map { $0.f1 ?? 0 }),
            "support": .list(matrix.support.map { .exact($0) }),
        ]),
        "macro": scores(matrix.macro), "weighted": scores(matrix.weighted), "micro": scores(matrix.micro),
        "balancedAccuracyPresentClasses": Outcome(matrix.balancedAccuracy), "mcc": Outcome(matrix.matthews),
        "cohenKappa": Outcome(matrix.kappa),
    ]
    if let probabilities = try input["probabilities"].ifPresent({ try $0.rows }) {
        let metrics = ClassProbabilityMetrics(labels: labels, probabilities: probabilities)
        found["logLoss"] = Outcome(metrics?.logLoss)
        found["brierMulti"] = Outcome(metrics?.brier)
        found["top2Accuracy"] = Outcome(metrics?.topAccuracy(2))
        found["rocAucOvrMacro"] = Outcome(metrics?.rocAreaOneVersusRest)
    }
    return .record(found)
}

private func regression(_ input: VectorValue) throws -> Outcome {
    let found = RegressionMetrics(labels: try input["y"].numbers, predictions: try input["predicted"].numbers)
    guard let found else { return .undefined }
    return .record([
        "n": .count(found.count), "mae": Outcome(found.meanAbsoluteError), "mse": Outcome(found.meanSquaredError),
        "rmse": Outcome(found.rootMeanSquaredError), "bias": Outcome(found.bias),
        "medianAE": Outcome(found.medianAbsoluteError), "maxError": Outcome(found.maximumError),
        "mapeSkipZeroTargets": Outcome(found.meanAbsolutePercentageError),
        "smape": Outcome(found.symmetricPercentageError), "r2": Outcome(found.r2),
        "pinball0.9": Outcome(found.pinballLoss(0.9)),
        "p90AbsError": Outcome(found.absoluteErrorQuantile(9, of: 10)),
    ])
}

private func ranking(_ input: VectorValue) throws -> Outcome {
    let queries = try input["queries"].list.map {
        RankedQuery(relevance: try $0["rel"].numbers, scores: try $0["score"].numbers)
    }
    let found = RankingMetrics(queries: queries, depth: try input["k"].integer)
    guard let found else { return .undefined }
    return .record([
        "ndcgPerQuery": Outcome(found.ndcg), "ndcgTieAveragedPerQuery": Outcome(found.tieAveragedNDCG),
        "ndcg": Outcome(found.meanNDCG), "mrr": Outcome(found.meanReciprocalRank),
        "map": Outcome(found.meanAveragePrecision), "precision": Outcome(found.meanPrecision),
        "recall": Outcome(found.meanRecall),
    ])
}

private func proportionIntervals(_ input: VectorValue) throws -> Outcome {
    let confidence = try input["confidence"].number
    let proportion = Proportion(try input["successes"].integer, of: try input["n"].integer)
    return .record([
        "wilson": Outcome(proportion?.wilson(confidence: confidence)),
        "clopperPearson": Outcome(proportion?.clopperPearson(confidence: confidence)),
        "jeffreys": Outcome(proportion?.jeffreys(confidence: confidence)),
        "agrestiCoull": Outcome(proportion?.agrestiCoull(confidence: confidence)),
    ])
}

private func proportionDifference(_ input: VectorValue) throws -> Outcome {
    guard let first = Proportion(try input["x1"].integer, of: try input["n1"].integer),
        let second = Proportion(try input["x2"].integer, of: try input["n2"].integer)
    else { return .undefined }
    let found = ProportionDifference(first, second)
    return .record([
        "newcombe95": Outcome(found.newcombe()), "z": .number(found.z), "p": .number(found.pValue),
    ])
}

private func delong(_ input: VectorValue) throws -> Outcome {
    let labels = try input["y"].labels
    let first = ROCArea(labels: labels, scores: try input["score1"].numbers)
    guard let first else { return .undefined }
    var found: [String: Outcome] = [
        "auc1": .number(first.area), "variance1": Outcome(first.variance), "ci95Wald1": Outcome(first.waldInterval()),
        "ci95Logit1": Outcome(first.logitInterval()),
    ]
    if let second = try input["score2"].ifPresent({ ROCArea(labels: labels, scores: try $0.numbers) }) ?? nil {
        let comparison = first.compared(with: second)
        found["auc2"] = .number(second.area)
        found["variance2"] = Outcome(second.variance)
        found["covariance"] = Outcome(comparison?.covariance)
        found["z"] = Outcome(comparison?.z)
        found["p"] = Outcome(comparison?.pValue)
        found["diffCi95"] = Outcome(comparison?.interval())
    }
    return .record(found)
}

private func calibration(_ input: VectorValue) throws -> Outcome {
    let (labels, probabilities) = (try input["y"].labels, try input["probability"].numbers)
    let curve = CalibrationCurve(labels: labels, probabilities: probabilities, binCount: try input["bins"].integer)
    guard let curve else { return .undefined }
    let isotonic = IsotonicRegression(scores: probabilities, targets: labels.map { $0 ? 1 : 0 })
    let grid = [0.0, 0.05, 0.1, 0.25, 0.333, 0.5, 0.61, 0.75, 0.9, 1.0]
    let line = CalibrationLine(labels: labels, probabilities: probabilities)
    return .record([
        "reliability": .list(
            curve.bins.map { bin in
                .record([
                    "bin": .count(bin.index), "n": .count(bin.count), "meanPredicted": .number(bin.meanPrediction),
                    "observed": .number(bin.observedRate),
                ])
            }),
        "eceEqualWidth": .number(curve.expectedError), "mce": .number(curve.maximumError),
        "eceEqualMass": .number(curve.equalMassError), "brier": .number(curve.brier),
        "murphyReliability": .number(curve.reliability), "murphyResolution": .number(curve.resolution),
        "murphyUncertainty": .number(curve.uncertainty),
        "isotonicAtGrid": .record(["x": Outcome(grid), "y": Outcome(grid.map { isotonic?.value(at: $0) })]),
        "logitSlope": Outcome(line?.slope), "logitIntercept": Outcome(line?.intercept),
    ])
}

private func cbpe(_ input: VectorValue) throws -> Outcome {
    let found = EstimatedPerformance(
        scores: try input["score"].numbers, calibrated: try input["calibrated"].numbers,
        threshold: try input["threshold"].number)
    guard let found else { return .undefined }
    let confusion = found.confusion
    return .record([
        "expectedTP": .number(confusion.truePositives), "expectedFP": .number(confusion.falsePositives),
        "expectedFN": .number(confusion.falseNegatives), "expectedTN": .number(confusion.trueNegatives),
        "accuracy": Outcome(confusion.accuracy), "precision": Outcome(confusion.precision),
        "recall": Outcome(confusion.recall), "specificity": Outcome(confusion.specificity),
        "f1": Outcome(confusion.f1), "prevalence": Outcome(confusion.prevalence),
        "accuracyStdErr": .number(found.accuracyStandardError), "rocAuc": Outcome(found.rocArea),
    ])
}

private func labelJoin(_ input: VectorValue) throws -> Outcome {
    struct Prediction {
        let value: VectorValue
        let version: VectorValue
    }
    var join = LabelJoin<[UInt8], Prediction, VectorValue>(
        rules: LabelJoinRules(
            joinWindow: try input["joinWindow"].integer, orphanTimeToLive: try input["orphanTtl"].integer))
    for event in try input["events"].list {
        let (id, time) = (Array(try event["id"].text.utf8), try event["t"].integer)
        if try event["type"].text == "prediction" {
            join.receive(Prediction(value: event["value"], version: event["version"]), of: id, at: time)
        } else {
            join.receive(label: event["value"], of: id, at: time)
        }
    }
    let now = try input["now"].integer
    join.advance(to: now)
    func texts(_ ids: [[UInt8]]) -> Outcome { Outcome(ids.map { String(decoding: $0, as: UTF8.self) }) }
    return .record([
        "duplicatePredictions": .count(join.counts.duplicatePredictions),
        "duplicateLabels": .count(join.counts.duplicateLabels), "lateLabels": .count(join.counts.lateLabels),
        "expiredOrphans": .count(join.counts.expiredOrphans),
        "joined": .list(
            try join.joined.map { row in
                .record([
                    "id": .text(String(decoding: row.id, as: UTF8.self)),
                    "version": .count(try row.prediction.version.integer),
                    "prediction": .exact(try row.prediction.value.number), "label": .exact(try row.label.number),
                    "delay": .count(row.delay),
                ])
            }),
        "pendingIds": texts(join.pending(at: now)), "unlabelledExpiredIds": texts(join.unlabelled(at: now)),
        "orphanIds": texts(join.orphanIDs.sorted { $0.lexicographicallyPrecedes($1) }),
        "matureCoverage": Outcome(join.coverage(at: now)?.rate),
    ])
}
