// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct QualityTests {
    /// With the labels drawn anew each time, the measured metrics scatter as the standard errors say.
    @Test func estimatesScatterAsTheyPredict() throws {
        var random = SplitMix(seed: 30)
        let scores = (0..<300).map { _ in random.nextUnit() * random.nextUnit() }
        let estimated = try #require(EstimatedPerformance(scores: scores, calibrated: scores, threshold: 0.3))
        let metrics: [(KeyPath<BinaryConfusion, Double?>, Double?)] = [
            (\.accuracy, estimated.accuracyStandardError), (\.precision, estimated.precisionStandardError),
            (\.recall, estimated.recallStandardError), (\.specificity, estimated.specificityStandardError),
            (\.f1, estimated.f1StandardError),
        ]
        let drawn = try (0..<250).map { _ in
            let labels = scores.map { random.nextUnit() < $0 }
            return try #require(BinaryMetrics(labels: labels, scores: scores, threshold: 0.3))
        }
        for (metric, error) in metrics {
            let (estimate, error) = (try #require(estimated.confusion[keyPath: metric]), try #require(error))
            let found = try drawn.map { try #require($0.confusion[keyPath: metric]) }
            let mean = found.reduce(0, +) / 250
            let deviation = (found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 249).squareRoot()
            #expect(abs(mean - estimate) < 0.2 * error, "\(metric)")
            #expect((0.85...1.15).contains(deviation / error), "\(metric): \(deviation) \(error)")
        }
        let areas = try drawn.map { try #require($0.rocArea) }
        #expect(abs(areas.reduce(0, +) / 250 - (try #require(estimated.rocArea))) < 0.003)
        #expect(EstimatedPerformance.band(0.9, standardError: 0.05).upper == 1)
    }

    @Test func severalClassesAreEstimatedAsTwoAre() throws {
        let scores = [0.1, 0.9, 0.5, 0.7, 0.2]
        let two = try #require(EstimatedPerformance(scores: scores, calibrated: scores, threshold: 0.5))
        let several = try #require(EstimatedPerformance.confusion(calibrated: scores.map { [$0, 1 - $0] }))
        #expect(several.counts[0][0] == two.confusion.truePositives)
        #expect(abs(several.counts[1][0] - two.confusion.falsePositives) < 1e-12)
        #expect(several.accuracy.map { abs($0 - (two.confusion.accuracy ?? 0)) < 1e-12 } ?? false)
        #expect(EstimatedPerformance.confusion(calibrated: [[0.5, 0.5], [1]]) == nil)
        #expect(EstimatedPerformance.confusion(calibrated: []) == nil)
    }

    @Test func placementsGiveTheAreaAndVarianceOfAllPairs() throws {
        var random = SplitMix(seed: 31)
        for _ in 0..<50 {
            let labels = [true, true, false, false] + (0..<30).map { _ in random.nextUnit() < 0.3 }
            // Few distinct ones: many ties.
            let scores = labels.map { _ in Double(random.nextIndex(below: 8)) }
            let found = try #require(ROCArea(labels: labels, scores: scores))
            let positives = zip(labels, scores).filter(\.0).map(\.1)
            let negatives = zip(labels, scores).filter { !$0.0 }.map(\.1)
            func wins(_ one: Double, _ other: Double) -> Double { one > other ? 1 : one == other ? 0.5 : 0 }
            func variance(_ values: [Double]) -> Double {
                let mean = values.reduce(0, +) / Double(values.count)
                return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
            }
            let ofPositives = positives.map { p in
                negatives.reduce(0) { $0 + wins(p, $1) } / Double(negatives.count)
            }
            let ofNegatives = negatives.map { n in
                positives.reduce(0) { $0 + wins($1, n) } / Double(positives.count)
            }
            let expected =
                variance(ofPositives) / Double(positives.count) + variance(ofNegatives) / Double(negatives.count)
            #expect(abs(found.area - ofPositives.reduce(0, +) / Double(positives.count)) < 1e-12)
            #expect(abs((try #require(found.variance)) - expected) < 1e-12)
            let same = try #require(found.compared(with: found))
            #expect(same.z == 0 && same.pValue == 1)
        }
    }

    @Test func oneRowOfAClassHasAnAreaWithoutVariance() throws {
        let found = try #require(ROCArea(labels: [true, false, false], scores: [0.5, 0.2, .infinity]))
        #expect(found.area == 0.5 && found.variance == nil)
        #expect(found.waldInterval() == nil && found.logitInterval() == nil && found.compared(with: found) == nil)
        #expect(ROCArea(labels: [true, true], scores: [0, 1]) == nil)
        #expect(ROCArea(labels: [true, false], scores: [0, .nan]) == nil)
    }

    @Test func anIsotonicCurveAscendsAndCanBeKept() throws {
        var random = SplitMix(seed: 32)
        let scores = (0..<300).map { _ in Double(random.nextIndex(below: 50)) / 50 }
        let targets = scores.map { random.nextUnit() < $0 * $0 ? 1.0 : 0 }
        let curve = try #require(IsotonicRegression(scores: scores, targets: targets))
        #expect(IsotonicRegression(x: curve.x, y: curve.y) == curve)
        let grid = try (-10...110).map { try #require(curve.value(at: Double($0) / 100)) }
        #expect(zip(grid, grid.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(curve.value(at: -.infinity) == curve.y.first && curve.value(at: .infinity) == curve.y.last)
        #expect(curve.value(at: .nan) == nil)
        // Pooling keeps the mean.
        let mean = try scores.map { try #require(curve.value(at: $0)) }.reduce(0, +) / 300
        #expect(abs(mean - targets.reduce(0, +) / 300) < 1e-12)
        let wide = try #require(IsotonicRegression(x: [-1.7e308, 1.7e308], y: [0, 1]))
        #expect(wide.value(at: 0) == 0.5)
        #expect(IsotonicRegression(x: [1, 1], y: [0, 1]) == nil)
        #expect(IsotonicRegression(x: [0, 1], y: [1, 0]) == nil)
        #expect(IsotonicRegression(x: [], y: []) == nil)
    }

    @Test func whatIsRightByDefinitionIsCalibrated() throws {
        var random = SplitMix(seed: 33)
        let probabilities = (0..<2000).map { _ in random.nextUnit() }
        let labels = probabilities.map { random.nextUnit() < $0 }
        let curve = try #require(CalibrationCurve(labels: labels, probabilities: probabilities))
        let byChance = try #require(
            CalibrationCurve.expectedErrorByChance(probabilities: probabilities, repetitions: 40, seed: 1))
        #expect((0.3...2).contains(curve.expectedError / byChance))
        let line = try #require(CalibrationLine(labels: labels, probabilities: probabilities))
        #expect(abs(line.slope - 1) < 0.15 && abs(line.intercept) < 0.15)
        // Too sure of itself: the error is far beyond chance, and the slope below 1.
        let extreme = probabilities.map { $0 * $0 / ($0 * $0 + (1 - $0) * (1 - $0)) }
        let wrong = try #require(CalibrationCurve(labels: labels, probabilities: extreme))
        #expect(wrong.expectedError > 4 * byChance)
        #expect(try #require(CalibrationLine(labels: labels, probabilities: extreme)).slope < 0.7)
    }

    @Test func aSeparatedLineIsUndefined() {
        #expect(CalibrationLine(labels: [true, false], probabilities: [0.9, 0.1]) == nil)
        #expect(CalibrationLine(labels: [false, true], probabilities: [0.9, 0.1]) == nil)
        #expect(CalibrationLine(labels: [true, false, true], probabilities: [0.5, 0.5, 0.5]) == nil)
        #expect(CalibrationLine(labels: [true, true], probabilities: [0.5, 0.6]) == nil)
        #expect(CalibrationLine(labels: [], probabilities: []) == nil)
    }

    @Test func undefinedIsNilAndNotZero() throws {
        let negative = try #require(BinaryMetrics(labels: [false, false], scores: [0.1, 0.2]))
        #expect(negative.confusion.precision == nil && negative.confusion.recall == nil && negative.confusion.f1 == nil)
        #expect(negative.confusion.matthews == nil && negative.confusion.balancedAccuracy == nil)
        #expect(negative.rocArea == nil && negative.averagePrecision == nil && negative.brier != nil)
        #expect(BinaryMetrics(labels: [true], scores: [2])?.brier == nil)
        let none = try #require(BinaryMetrics(labels: [], scores: []))
        #expect(none.confusion.accuracy == nil && none.logLoss == nil && none.confusion.count == 0)
        let single = try #require(ConfusionMatrix(labels: [1, 1], predictions: [1, 1], classes: 3))
        #expect(single.matthews == nil && single.kappa == nil && single.accuracy == 1)
        #expect(single.perClass[0].precision == nil && single.macro?.precision == 1.0 / 3)
        #expect(ConfusionMatrix(labels: [3], predictions: [0], classes: 3) == nil)
        #expect(RegressionMetrics(labels: [2, 2], predictions: [1, 3])?.r2 == nil)
        #expect(RegressionMetrics(labels: [0], predictions: [0])?.meanAbsolutePercentageError == nil)
        #expect(RegressionMetrics(labels: [1e308], predictions: [-1e308])?.meanAbsoluteError == nil)
        let ranking = try #require(RankingMetrics(queries: [RankedQuery(relevance: [0], scores: [1])], depth: 3))
        #expect(ranking.ndcg == [nil] && ranking.meanNDCG == nil && ranking.meanReciprocalRank == 0)
        #expect(RankingMetrics(queries: [], depth: 3)?.meanRecall == nil)
        #expect(Proportion(0, of: 0) == nil && Proportion(2, of: 1) == nil)
    }
}
