// SPDX-License-Identifier: Apache-2.0
import Statistics

let canaryKinds: [VectorKind] = [
    VectorKind("kayentaMannWhitney", kayentaMannWhitney), VectorKind("sequential", sequential),
    VectorKind("canaryDecisions", canaryDecisions),
]

private func kayentaMannWhitney(_ input: VectorValue) throws -> Outcome {
    let directions: [String: LocationShift.Direction] = ["increase": .increase, "decrease": .decrease]
    let found = LocationShift(
        control: try input["control"].numbersOrMissing, experiment: try input["experiment"].numbersOrMissing,
        confidence: try input["confidence"].number, tolerance: try input["tolerance"].number,
        direction: directions[try input["direction"].text] ?? .either)
    guard let found else { return .undefined }
    let names: [LocationShift.Classification: String] = [
        .noData: "Nodata", .pass: "Pass", .high: "High", .low: "Low",
    ]
    return .record([
        "lower": Outcome(found.interval?.lower), "upper": Outcome(found.interval?.upper),
        "estimate": Outcome(found.estimate), "classification": Outcome(names[found.classification]),
    ])
}

private func sequential(_ input: VectorValue) throws -> Outcome? {
    func number(_ name: String) throws -> Double { try input[name].number }
    func count(_ name: String) throws -> Int { try input[name].integer }
    switch try input["function"].text {
    case "normalMixtureBoundTwoSided":
        return Outcome(
            UniformBoundary.normalMixture(
                variance: try number("v"), alpha: try number("alpha"), optimalVariance: try number("vOpt"),
                optimalAlpha: try number("alphaOpt")))
    case "gammaExponentialMixtureBound":
        return Outcome(
            UniformBoundary.gammaExponentialMixture(
                variance: try number("v"), alpha: try number("alpha"), optimalVariance: try number("vOpt"),
                scale: try number("c"), optimalAlpha: try number("alphaOpt")))
    case "polyStitchingBound":
        return Outcome(
            UniformBoundary.polynomialStitching(
                variance: try number("v"), alpha: try number("alpha"), minimumVariance: try number("vMin"),
                scale: try number("c"), power: try number("s"), ratio: try number("eta")))
    case "empiricalProcessLilBound":
        return Outcome(
            UniformBoundary.empiricalProcess(
                count: try count("t"), alpha: try number("alpha"), minimumCount: try number("tMin"),
                factor: try number("A")))
    case "bernoulliConfidenceIntervalConfseq":
        return Outcome(
            ConfidenceSequence.bernoulli(
                successes: try count("successes"), trials: try count("n"), alpha: try number("alpha"),
                optimalTrials: try number("tOpt")))
    case "bernoulliCsUniformPrior":
        return Outcome(
            ConfidenceSequence.bernoulli(
                successes: try count("successes"), trials: try count("n"), alpha: try number("alpha")))
    case "asymptoticCs":
        return Outcome(
            ConfidenceSequence.asymptotic(
                count: try count("n"), mean: try number("mean"), variance: try number("variance"),
                alpha: try number("alpha"), optimalCount: try number("tOpt")))
    case "msprtNormalLog":
        return Outcome(
            MixtureRatioTest.logRatio(
                count: try count("n"), difference: try number("difference"), variance: try number("variance"),
                mixtureVariance: try number("tau2"), expected: try number("theta0")))
    case "logEConditional":
        let process = ConditionalEProcess(
            share: try number("share"), ratio: try number("ratio"), concentration: try number("kappa"))
        return Outcome(process?.logE(canary: try count("canaryEvents"), baseline: try count("baselineEvents")))
    case "empiricalBernsteinCs":
        guard var sequence = EmpiricalBernsteinSequence(alpha: try number("alpha")) else { return .undefined }
        return .list(
            try input["values"].numbers.map { value in
                sequence.record(value)
                return Outcome(sequence.interval)
            })
    case "quantileAbPValue":
        return Outcome(
            QuantileTest.pValue(
                try input["a"].numbers, try input["b"].numbers, quantile: try number("quantile"),
                optimalCount: try number("tOpt")))
    default: return nil
    }
}

private func canaryDecisions(_ input: VectorValue) throws -> Outcome {
    let settings = input["config"]
    var rules = CanaryRules(share: try settings["share"].number)
    rules.errorRatio = try settings["ratio"].number
    rules.slowRatio = rules.errorRatio
    rules.concentration = try settings["kappa"].number
    rules.rollbackAlpha = try settings["alphaRollback"].number
    rules.promotionAlpha = try settings["alphaPromote"].number
    rules.hardMinimumRequests = try settings["hardMinSamples"].integer
    rules.hardErrorRate = try settings["hardErrorRate"].number
    rules.minimumRequests = try settings["minSamples"].integer
    rules.minimumSeconds = try settings["minBake"].number
    rules.margin = try settings["margin"].number
    rules.deadlineSeconds = try settings["deadline"].number
    let names: [CanaryDecision: String] = [
        .rollBack(.hardErrorRate): "rollback:hard-error-rate", .rollBack(.errorRate): "rollback:error-rate",
        .rollBack(.latency): "rollback:latency", .promote: "promote", .inconclusive: "inconclusive",
        .goOn: "continue",
    ]
    var (canary, baseline) = (CanaryCounts(), CanaryCounts())
    var steps: [Outcome] = []
    for step in try input["steps"].list {
        canary += CanaryCounts(
            requests: try step["nC"].integer, errors: try step["errC"].integer, slow: try step["slowC"].integer)
        baseline += CanaryCounts(
            requests: try step["nB"].integer, errors: try step["errB"].integer, slow: try step["slowB"].integer)
        let found = CanaryAssessment(
            canary: canary, baseline: baseline, elapsedSeconds: try step["t"].number, rules: rules)
        guard let found else { return .undefined }
        steps.append(
            .record([
                "logEError": .number(found.logEErrors), "logESlow": .number(found.logESlow),
                "upperCanaryError": .number(found.canaryErrorsAtMost),
                "lowerBaselineError": .number(found.baselineErrorsAtLeast),
                "decision": Outcome(names[found.decision]),
            ]))
        if found.decision != .goOn {
            return .record(["steps": .list(steps), "final": Outcome(names[found.decision])])
        }
    }
    return .record(["steps": .list(steps), "final": .text("continue")])
}
