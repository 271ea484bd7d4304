// SPDX-License-Identifier: Apache-2.0
import Statistics

let qualityKinds: [VectorKind] = [
    VectorKind("classificationBinary", classificationBinary),
    VectorKind("classificationMulticlass", classificationMulticlass),
    VectorKind("regression", regression), VectorKind("ranking", ranking),
    VectorKind("proportionIntervals", proportionIntervals), VectorKind("proportionDifference", proportionDifference),
    VectorKind("delong", delong),
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
