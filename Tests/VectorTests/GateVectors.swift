// SPDX-License-Identifier: Apache-2.0
import Statistics

let gateKinds: [VectorKind] =
    [
        VectorKind("mcnemar", mcnemar), VectorKind("pairedAccuracy", pairedAccuracy),
        VectorKind("pairedLosses", pairedLosses), VectorKind("slices", slices), VectorKind("metamorphic", metamorphic),
        VectorKind("openLoopLatency", openLoopLatency), VectorKind("hdrHistogram", hdrHistogram),
    ] + auditKinds

private func mcnemar(_ input: VectorValue) throws -> Outcome {
    let found = McNemarTest(onlyFirst: try input["b"].integer, onlySecond: try input["c"].integer)
    guard let found else { return .undefined }
    return .record([
        "exactP": .number(found.exactPValue), "midP": .number(found.midPValue), "chi2Cc": .number(found.chiSquare),
        "chi2CcP": .number(found.chiSquarePValue),
    ])
}

private func pairedAccuracy(_ input: VectorValue) throws -> Outcome {
    let found = PairedAccuracy(
        championOnlyRight: try input["championOnlyRight"].integer,
        challengerOnlyRight: try input["challengerOnlyRight"].integer, rows: try input["n"].integer)
    guard let found else { return .undefined }
    return .record([
        "difference": .number(found.difference), "bonettPriceCi95": Outcome(found.interval()),
        "lowerOneSided95": Outcome(found.lowerLimit()),
        "nonInferior": Outcome(found.isNonInferior(margin: try input["margin"].number)),
        "superior": Outcome(found.isSuperior()),
    ])
}

private func pairedLosses(_ input: VectorValue) throws -> Outcome {
    let found = PairedLosses(
        champion: try input["championLoss"].numbers, challenger: try input["challengerLoss"].numbers)
    guard let found else { return .undefined }
    let resamples = try input["resampleIndices"].list.map { try $0.integers }
    let bootstrap = Bootstrap(resamples: resamples, statistic: found.meanDifference)
    return .record([
        "meanDifference": .number(found.meanDifference), "tStatistic": Outcome(found.t), "tP": Outcome(found.pValue),
        "bootstrapMeans": Outcome(bootstrap?.replicates ?? []), "bootstrapCi95": Outcome(bootstrap?.interval()),
        "bootstrapUpperOneSided95": Outcome(bootstrap?.quantile(0.95)),
        "nonInferior": Outcome(bootstrap?.isNonInferior(margin: try input["margin"].number)),
    ])
}

private func slices(_ input: VectorValue) throws -> Outcome {
    let found = SliceReport(
        labels: try input["y"].labels, predictions: try input["predicted"].labels,
        slices: try input["slice"].texts.map { Array($0.utf8) }, minimumRows: try input["minN"].integer,
        margin: try input["margin"].number)
    guard let found else { return .undefined }
    return .record([
        "overallAccuracy": .number(found.overallAccuracy),
        "slices": .list(
            found.slices.map { slice in
                .record([
                    "slice": .text(slice.name), "n": .count(slice.count), "accuracy": .number(slice.accuracy),
                    "accuracyWilson95": Outcome(slice.correct.wilson()), "selectionRate": .number(slice.selectionRate),
                    "truePositiveRate": Outcome(slice.truePositiveRate),
                    "falsePositiveRate": Outcome(slice.falsePositiveRate), "evaluated": .bool(slice.isEvaluated),
                    "fails": .bool(slice.fails),
                ])
            }),
        "demographicParityDifference": Outcome(found.demographicParityDifference),
        "demographicParityRatio": Outcome(found.demographicParityRatio),
        "equalizedOddsDifference": Outcome(found.equalizedOddsDifference),
    ])
}

private func metamorphic(_ input: VectorValue) throws -> Outcome? {
    let tolerance = try input["tolerance"].number
    let found: MetamorphicTest
    switch try input["kind"].text {
    case "classification":
        func decisions(_ value: VectorValue) throws -> [MetamorphicTest.Decision] {
            try value.list.map {
                MetamorphicTest.Decision(label: try $0.list[0].integer, confidence: try $0.list[1].number)
            }
        }
        found = MetamorphicTest(
            invariant: try decisions(input["original"]), try decisions(input["perturbed"]), tolerance: tolerance)
    case "regression":
        found = MetamorphicTest(
            invariant: try input["original"].numbersOrMissing, try input["perturbed"].numbersOrMissing,
            tolerance: tolerance)
    case "monotoneIncreasing":
        found = MetamorphicTest(
            increasing: try input["original"].numbersOrMissing, try input["perturbed"].numbersOrMissing,
            tolerance: tolerance)
    default: return nil
    }
    // Of no rows the reference says 0.
    return .record(["failures": Outcome(found.failures), "failureRate": .number(found.failureRate?.rate ?? 0)])
}

private func openLoopLatency(_ input: VectorValue) throws -> Outcome {
    let services = try input["serviceMs"].numbers
    let found = OpenLoopQueue(
        arrivals: try input["arrivalsMs"].numbers, services: services, workers: try input["workers"].integer)
    guard let found else { return .undefined }
    func percentiles(_ values: [Double]) -> Outcome {
        let sorted = values.sorted()
        let shares = [("0.5", 0.5), ("0.9", 0.9), ("0.95", 0.95), ("0.99", 0.99), ("1.0", 1)]
        return .record(
            Dictionary(
                uniqueKeysWithValues: shares.map { name, share in
                    (name, Outcome(OpenLoopQueue.nearestRank(share, in: sorted)))
                }))
    }
    return .record([
        "latency": Outcome(found.latencies), "queueWait": Outcome(found.waits),
        "percentilesOpenLoop": percentiles(found.latencies), "percentilesServiceOnly": percentiles(services),
    ])
}

private func hdrHistogram(_ input: VectorValue) throws -> Outcome {
    let empty = HDRHistogram(
        highest: try input["highestTrackable"].integer, significantDigits: try input["significantDigits"].integer)
    guard var raw = empty, var corrected = empty else { return .undefined }
    let (values, interval) = (try input["values"].integers, try input["expectedInterval"].integer)
    for value in values {
        raw.record(value)
        corrected.record(value, expectedInterval: interval)
    }
    func summary(_ histogram: HDRHistogram) -> Outcome {
        let percentiles = [("50", 50), ("90", 90), ("99", 99), ("99.9", 99.9), ("100", 100)]
        return .record([
            "count": .count(histogram.count),
            "percentiles": .record(
                Dictionary(
                    uniqueKeysWithValues: percentiles.map { name, percentile in
                        (name, Outcome(histogram.value(atPercentile: percentile)))
                    })),
        ])
    }
    func each(_ number: (Int) -> Int) -> Outcome {
        .record(Dictionary(uniqueKeysWithValues: Set(values).map { ("\($0)", .count(number($0))) }))
    }
    return .record([
        "raw": summary(raw), "corrected": summary(corrected), "lowestEquivalent": each(raw.lowestEquivalent),
        "highestEquivalent": each(raw.highestEquivalent), "countsIndex": each(raw.index),
    ])
}
