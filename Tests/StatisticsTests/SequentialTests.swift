// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

/// What is promised for all times together, on simulated streams that are looked at after every event. The seeds are
/// fixed: the answers are the same each time.
struct SequentialTests {
    @Test func aGoodCanaryIsRarelyAccusedHoweverOftenOneLooks() throws {
        var random = SplitMix(seed: 3)
        for share in [0.05, 0.5] {
            let process = try #require(ConditionalEProcess(share: share))
            var accused = 0
            for _ in 0..<400 {
                var (canary, baseline, most) = (0, 0, 0.0)
                for _ in 0..<300 {
                    if random.nextUnit() < share { canary += 1 } else { baseline += 1 }
                    most = max(most, try #require(process.logE(canary: canary, baseline: baseline)))
                }
                // ln 20
                if most >= 2.995732273553991 { accused += 1 }
            }
            #expect(accused <= 20, "\(accused) of 400 at a level of 1 in 20, share \(share)")
        }
    }

    @Test func aBadCanaryIsFoundAsFastAsMeasured() throws {
        var random = SplitMix(seed: 4)
        let process = try #require(ConditionalEProcess(share: 0.1))
        // Five times as often: each event is one of the canary with probability 0.5 / 1.4.
        var needed: [Int] = []
        for _ in 0..<201 {
            var (canary, baseline) = (0, 0)
            while try #require(process.logE(canary: canary, baseline: baseline)) < 5.298317366548036 {
                if random.nextUnit() < 0.5 / 1.4 { canary += 1 } else { baseline += 1 }
            }
            needed.append(canary)
        }
        // The specification measured a median of 10 events on the canary at α = 0.005.
        #expect((8...12).contains(needed.sorted()[100]), "\(needed.sorted()[100])")
    }

    @Test func aRateStaysInItsSequence() throws {
        var random = SplitMix(seed: 5)
        for rate in [0.0, 0.02, 0.5, 1] {
            var missed = [0, 0]
            for _ in 0..<50 {
                var (successes, wasMissed) = (0, [false, false])
                for trials in 1...60 {
                    if random.nextUnit() < rate { successes += 1 }
                    let found = [
                        ConfidenceSequence.bernoulli(successes: successes, trials: trials, alpha: 0.1),
                        ConfidenceSequence.bernoulli(
                            successes: successes, trials: trials, alpha: 0.1, optimalTrials: 50),
                    ]
                    for (index, interval) in found.enumerated() {
                        let interval = try #require(interval)
                        #expect(interval.lower <= interval.upper)
                        if !(interval.lower...interval.upper).contains(rate) { wasMissed[index] = true }
                    }
                }
                for index in 0...1 where wasMissed[index] { missed[index] += 1 }
            }
            #expect(missed[0] <= 5 && missed[1] <= 5, "\(missed) of 50 at a level of 1 in 10, rate \(rate)")
        }
    }

    @Test func aMeanStaysInItsSequence() throws {
        var random = SplitMix(seed: 6)
        var missed = 0
        for _ in 0..<200 {
            var sequence = try #require(EmpiricalBernsteinSequence(alpha: 0.05))
            var wasMissed = false
            for _ in 0..<200 {
                let (one, other) = (random.nextUnit(), random.nextUnit())
                sequence.record(one * other)
                if !(sequence.interval.lower...sequence.interval.upper).contains(0.25) { wasMissed = true }
            }
            if wasMissed { missed += 1 }
            #expect(sequence.interval.width < 0.5)
        }
        #expect(missed <= 10)
    }

    @Test func aSequenceLeavesOutWhatIsNotWithinItsRange() throws {
        var sequence = try #require(EmpiricalBernsteinSequence(alpha: 0.05))
        let before = sequence
        let recorded = [-0.1, 1.1, .nan, .infinity].map { sequence.record($0) }
        #expect(recorded == [false, false, false, false])
        #expect(sequence == before)
        #expect(EmpiricalBernsteinSequence(alpha: 0) == nil)
    }

    @Test func equalSamplesHaveEqualQuantiles() throws {
        var random = SplitMix(seed: 8)
        let one = (0..<300).map { _ in random.nextUnit() }
        let other = (0..<200).map { _ in random.nextUnit() }
        let same = try #require(QuantileTest.pValue(one, other, quantile: 0.9, optimalCount: 100))
        let shifted = try #require(
            QuantileTest.pValue(one, other.map { $0 * 2 }, quantile: 0.9, optimalCount: 100))
        #expect(same > 0.2 && shifted < 1e-6, "\(same) \(shifted)")
        #expect(
            QuantileTest.pValue(one, other, quantile: 0.9, optimalCount: 100)
                == QuantileTest.pValue(other, one, quantile: 0.9, optimalCount: 100))
    }

    @Test func evidenceOfEarlierStagesCounts() throws {
        let rules = CanaryRules(share: 0.1)
        let (canary, baseline) = (
            CanaryCounts(requests: 300, errors: 6, slow: 0), CanaryCounts(requests: 2700, errors: 20, slow: 0)
        )
        let alone = try #require(
            CanaryAssessment(canary: canary, baseline: baseline, elapsedSeconds: 60, rules: rules))
        #expect(alone.decision == .goOn)
        let needed = 5.298317366548036 - alone.logEErrors
        let together = try #require(
            CanaryAssessment(
                canary: canary, baseline: baseline, elapsedSeconds: 60, rules: rules, earlier: (needed + 0.01, 0)))
        #expect(together.decision == .rollBack(.errorRate))
    }

    /// Without one request there is nothing to decide by, but the time.
    @Test func silenceIsInconclusive() throws {
        let rules = CanaryRules(share: 0.1)
        let none = CanaryCounts()
        func decision(_ seconds: Double) -> CanaryDecision? {
            CanaryAssessment(canary: none, baseline: none, elapsedSeconds: seconds, rules: rules)?.decision
        }
        #expect(decision(0) == .goOn)
        #expect(decision(3600) == .inconclusive)
        #expect(
            CanaryAssessment(
                canary: CanaryCounts(requests: 1, errors: 2), baseline: none, elapsedSeconds: 0, rules: rules) == nil)
        #expect(
            CanaryAssessment(
                canary: none, baseline: none, elapsedSeconds: 0, rules: CanaryRules(share: 1)) == nil)
    }

    @Test func aShiftIsFoundAndItsSignKept() throws {
        let values = (0..<40).map { Double($0 * 17 % 40) }
        let shifted = values.map { $0 + 100 }
        let up = try #require(LocationShift(control: values, experiment: shifted))
        let down = try #require(LocationShift(control: shifted, experiment: values))
        #expect(up.classification == .high && down.classification == .low)
        #expect(abs((up.estimate ?? 0) - 100) < 1 && abs((down.estimate ?? 0) + 100) < 1)
        #expect(LocationShift(control: values, experiment: values.reversed())?.classification == .pass)
        #expect(LocationShift(control: [1, 1], experiment: [3, 3])?.estimate == 2)
        #expect(LocationShift(control: [.nan], experiment: [3, 3])?.classification == .noData)
        #expect(LocationShift(control: [-1e308], experiment: [1e308]) == nil)
    }
}
