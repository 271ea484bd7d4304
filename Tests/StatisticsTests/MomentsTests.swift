// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct MomentsTests {
    @Test func anyPartsAddUpToTheWhole() throws {
        var random = SplitMix(seed: 8)
        for _ in 0..<300 {
            let values = (0..<Int.random(in: 0...60, using: &random)).map { _ in random.bell() * 3 + 100 }
            let whole = values.reduce(into: Moments()) { $0.add($1) }
            var parts = [Moments](repeating: Moments(), count: 4)
            for value in values { parts[Int.random(in: 0..<4, using: &random)].add(value) }
            let merged = parts.shuffled(using: &random).reduce(into: Moments()) { $0.merge($1) }
            #expect(merged.count == whole.count && merged.minimum == whole.minimum && merged.maximum == whole.maximum)
            let statistics: [(Moments) -> Double?] = [
                \.mean, \.variance, \.populationVariance, \.skewness, \.excessKurtosis,
            ]
            for statistic in statistics {
                let (one, other) = (statistic(whole), statistic(merged))
                #expect((one == nil) == (other == nil))
                if let one, let other { #expect(abs(one - other) < 1e-9 * max(1, abs(one))) }
            }
        }
    }

    @Test func whatIsNotDefinedIsNil() {
        var moments = Moments()
        #expect(moments.mean == nil && moments.minimum == nil && moments.populationVariance == nil)
        moments.add(5)
        #expect(moments.mean == 5 && moments.variance == nil && moments.populationVariance == 0)
        #expect(moments.skewness == nil && moments.excessKurtosis == nil)
        for value in [Double.nan, .infinity, -.infinity] { moments.add(value) }
        #expect(moments.count == 1 && moments.missing == 1 && moments.nonFinite == 2 && moments.mean == 5)
    }

    @Test func wildNumbersDoNotTrap() {
        var random = SplitMix(seed: 9)
        for _ in 0..<1000 {
            var one = random.wildNumbers(6).reduce(into: Moments()) { $0.add($1) }
            one.merge(random.wildNumbers(6).reduce(into: Moments()) { $0.add($1) })
            for value in [one.mean, one.variance, one.populationVariance, one.skewness, one.excessKurtosis] {
                #expect(value?.isFinite != false)
            }
            let thresholds = ReferenceThresholds(of: random.wildNumbers(6), least: 0, largest: 1)
            #expect(thresholds.lower?.isNaN != true && thresholds.upper?.isNaN != true)
        }
    }
}
