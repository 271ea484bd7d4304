// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

/// Whatever the numbers are, nothing traps, and nothing that is computed from them is a NaN.
struct ExtremeInputTests {
    private static let values = [
        0, -0.0, 1, 0.5, -1, .nan, .infinity, -.infinity, 1e308, -1e308, .leastNonzeroMagnitude, 1 - 0x1p-53, 1e-300,
        0.1,
    ]
    private static let counts = [0, 1, 2, 3, 100, 1_000_000, 1_000_000_000, -1, .max, .min]

    /// Columns of up to 12 numbers; every third one has a single value, every third one only probabilities.
    private static func columns(_ random: inout SplitMix) -> (labels: [Bool], one: [Double], other: [Double]) {
        let rows = random.nextIndex(below: 13)
        let kind = random.nextIndex(below: 3)
        let constant = values[random.nextIndex(below: values.count)]
        func value() -> Double {
            switch kind {
            case 0: values[random.nextIndex(below: values.count)]
            case 1: constant
            default: Double(random.nextIndex(below: 5)) / 4
            }
        }
        let oneClass = random.nextUnit() < 0.2
        return (
            (0..<rows).map { _ in oneClass || random.nextUnit() < 0.5 }, (0..<rows).map { _ in value() },
            (0..<rows).map { _ in value() }
        )
    }

    @Test func metricsOfAnything() {
        var random = SplitMix(seed: 40)
        for _ in 0..<800 {
            let (labels, one, other) = Self.columns(&random)
            let seen = "\(labels) \(one) \(other)"
            let area = ROCArea(labels: labels, scores: one)
            let otherArea = ROCArea(labels: labels, scores: other)
            let binary = BinaryMetrics(labels: labels, scores: one, threshold: other.first ?? .nan)
            let regression = RegressionMetrics(labels: one, predictions: other)
            let estimated = EstimatedPerformance(scores: one, calibrated: other)
            let isotonic = IsotonicRegression(scores: one, targets: other)
            let probabilities = ClassProbabilityMetrics(
                labels: labels.map { $0 ? 1 : 0 }, probabilities: zip(one, other).map { [$0, $1] })
            let relevance = other.map(abs)
            expectNoNaN(
                [
                    binary as Any, binary?.confusion.matthews as Any, binary?.confusion.f1 as Any, regression as Any,
                    regression?.pinballLoss(0.9) as Any, regression?.absoluteErrorQuantile(9, of: 10) as Any,
                    RankingMetrics(queries: [RankedQuery(relevance: relevance, scores: one)], depth: 3) as Any,
                    area as Any, area?.waldInterval() as Any, area?.logitInterval() as Any,
                    otherArea.flatMap { area?.compared(with: $0) } as Any,
                    CalibrationCurve(labels: labels, probabilities: one) as Any,
                    CalibrationLine(labels: labels, probabilities: one) as Any, isotonic as Any,
                    Self.values.map { isotonic?.value(at: $0) } as Any, estimated as Any,
                    estimated?.accuracyStandardError as Any, estimated?.f1StandardError as Any,
                    estimated?.recallStandardError as Any, probabilities as Any,
                    probabilities?.rocAreaOneVersusRest as Any, probabilities?.topAccuracy(1) as Any,
                    SliceReport(
                        labels: labels, predictions: one.map { $0 > 0 }, slices: other.map { [$0 > 0 ? 1 : 0] },
                        minimumRows: 1) as Any,
                ], seen)
        }
    }

    @Test func gatesOfAnything() {
        var random = SplitMix(seed: 41)
        for _ in 0..<400 {
            let (_, one, other) = Self.columns(&random)
            let losses = PairedLosses(champion: one, challenger: other)
            expectNoNaN(
                [
                    losses as Any, losses?.bootstrap(resamples: 20, seed: 1) as Any,
                    LocationShift(control: one, experiment: other) as Any,
                    QuantileTest.pValue(one, other, quantile: 0.5, optimalCount: 10) as Any,
                    OpenLoopQueue(arrivals: one, services: other, workers: 2) as Any,
                    MetamorphicTest(invariant: one, other, tolerance: 0.1) as Any,
                    MetamorphicTest(increasing: one, other, tolerance: .nan) as Any,
                ], "\(one) \(other)")
        }
    }

    @Test func countsOfAnything() {
        for first in Self.counts {
            for second in Self.counts {
                let proportion = Proportion(first, of: second)
                let seen = "\(first) \(second)"
                expectNoNaN(
                    [
                        proportion?.wilson() as Any, proportion?.agrestiCoull() as Any, proportion?.jeffreys() as Any,
                        proportion?.clopperPearson(confidence: 0.999) as Any,
                        McNemarTest(onlyFirst: first, onlySecond: second) as Any,
                        PairedAccuracy(championOnlyRight: 1, challengerOnlyRight: first, rows: second) as Any,
                        ConfidenceSequence.bernoulli(successes: first, trials: second, alpha: 0.05) as Any,
                        ConfidenceSequence.bernoulli(
                            successes: first, trials: second, alpha: 0.05, optimalTrials: 500) as Any,
                        ConditionalEProcess(share: 0.1)?.logE(canary: first, baseline: second) as Any,
                        UniformBoundary.empiricalProcess(
                            count: first, alpha: 0.05, minimumCount: Double(second)) as Any,
                    ], seen)
                for interval in [proportion?.wilson(), proportion?.clopperPearson(), proportion?.jeffreys()] {
                    guard let interval, let rate = proportion?.rate else { continue }
                    #expect(interval.lower >= 0 && interval.upper <= 1, "\(seen) \(interval)")
                    #expect(interval.lower <= rate && rate <= interval.upper || rate == 0 || rate == 1, "\(seen)")
                }
            }
        }
        #expect(Proportion(1, of: 2)?.wilson(confidence: 1) == nil)
        #expect(Proportion(1, of: 2)?.clopperPearson(confidence: .nan) == nil)
    }

    @Test func settingsOfAnything() {
        for first in Self.values {
            for second in Self.values {
                for third in [0.05, .nan, 1e308, 0, .leastNonzeroMagnitude] {
                    expectNoNaN(
                        [
                            BetaFunction.regularized(first, second, third) as Any,
                            BetaFunction.logarithm(first, second) as Any,
                            BetaDistribution(first, second)?.quantile(third) as Any,
                            NormalDistribution.quantile(first) as Any,
                            StudentDistribution.twoSided(first, degreesOfFreedom: second) as Any,
                            ConditionalEProcess(share: first, ratio: second, concentration: third)?
                                .logE(canary: 3, baseline: 5) as Any,
                            UniformBoundary.normalMixture(variance: first, alpha: third, optimalVariance: second)
                                as Any,
                            UniformBoundary.gammaExponentialMixture(
                                variance: first, alpha: third, optimalVariance: second, scale: 1) as Any,
                            UniformBoundary.polynomialStitching(
                                variance: first, alpha: third, minimumVariance: second) as Any,
                            UniformBoundary.empiricalProcess(
                                count: 500, alpha: third, minimumCount: 100, factor: first) as Any,
                            ConfidenceSequence.asymptotic(
                                count: 5, mean: first, variance: second, alpha: third, optimalCount: 100) as Any,
                            MixtureRatioTest.logRatio(
                                count: 5, difference: first, variance: second, mixtureVariance: third) as Any,
                        ], "\(first) \(second) \(third)")
                }
            }
        }
    }
}

/// Looks through everything that `values` consist of.
private func expectNoNaN(_ values: [Any], _ seen: String) {
    for value in values where holdsNaN(value) { Issue.record("\(value) of \(seen)") }
}

private func holdsNaN(_ value: Any) -> Bool {
    if let number = value as? Double { return number.isNaN }
    return Mirror(reflecting: value).children.contains { holdsNaN($0.value) }
}
