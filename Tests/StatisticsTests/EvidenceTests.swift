// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

struct EvidenceTests {
    @Test func adjustedValuesKeepTheirOrderAndBounds() {
        var random = SplitMix(seed: 10)
        for _ in 0..<500 {
            let values = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                [0, 1, .nan, 1e-300, -1, 7, random.uniform(), random.uniform() * 0.01].randomElement(using: &random)
                    ?? 0
            }
            let tests = MultipleTests(values)
            let all = [tests.bonferroni, tests.holm, tests.benjaminiHochberg, tests.benjaminiYekutieli]
            for adjusted in all {
                #expect(adjusted.count == values.count)
                for (one, other) in zip(tests.pValues, adjusted) { #expect(one <= other + 1e-15 && other <= 1) }
            }
            for place in values.indices {
                #expect(tests.holm[place] <= tests.bonferroni[place])
                #expect(tests.benjaminiHochberg[place] <= tests.benjaminiYekutieli[place])
                #expect(tests.benjaminiHochberg[place] <= tests.holm[place] + 1e-15)
            }
            #expect((tests.global == nil) == values.isEmpty)
            #expect(tests.fisher?.pValue.isNaN != true)
            _ = eBenjaminiHochberg(values.map(eValue(ofPValue:)), level: 0.1)
        }
    }

    /// Among tests of nothing, a share of `q` at most of all families has any rejection.
    @Test func falseDiscoveriesAreAsRareAsStated() {
        var random = SplitMix(seed: 11)
        let families = (0..<1000).count { _ in
            MultipleTests((0..<30).map { _ in random.uniform() }).benjaminiHochberg.contains { $0 <= 0.05 }
        }
        // 50 are expected, with a deviation of 6.9.
        #expect((30...72).contains(families))
    }

    @Test func anEValueOfNoiseIsOneOnAverage() {
        var random = SplitMix(seed: 12)
        let mean = (0..<40_000).reduce(0.0) { sum, _ in sum + eValue(ofPValue: random.uniform()) } / 40_000
        #expect((0.85...1.15).contains(mean))
        #expect(eValue(ofPValue: 0).isFinite && eValue(ofPValue: .nan) == 0.5 && eValue(ofPValue: 3) == 0.5)
        #expect(meanEValue([]) == nil)
    }

    @Test func falseAlarmsAreAsRareAsStated() {
        var random = SplitMix(seed: 13)
        let lengths = (0..<300).map { _ in
            var sum = EvidenceSum()
            var windows = 0
            while !sum.isAlarming(averageRunLength: 20), windows < 10_000 {
                sum.add(eValue(ofPValue: random.uniform()))
                windows += 1
            }
            return Double(windows)
        }
        #expect(lengths.reduce(0, +) / 300 >= 20)
    }

    @Test func slowDriftAddsUp() {
        var random = SplitMix(seed: 14)
        var sum = EvidenceSum()
        for _ in 0..<500 { sum.add(eValue(ofPValue: random.uniform())) }
        // No single window is below a level of 1/720.
        var windows = 0
        while !sum.isAlarming(averageRunLength: 720), windows < 100 {
            sum.add(eValue(ofPValue: 0.01 + 0.05 * random.uniform()))
            windows += 1
        }
        #expect((3...15).contains(windows))
    }

    @Test func evidenceStaysFiniteAndGoesOnFromWhatWasStored() {
        var sum = EvidenceSum()
        for value in [0, .infinity, .nan, -1, 1e308, .leastNonzeroMagnitude] {
            sum.add(value)
            #expect(sum.logarithm.isFinite && sum.logProduct.isFinite)
        }
        var stored = EvidenceSum(logarithm: sum.logarithm, logProduct: sum.logProduct)
        #expect(stored == sum)
        stored.add(3)
        sum.add(3)
        #expect(stored == sum)
        sum.reset()
        #expect(sum == EvidenceSum())
        #expect(EvidenceSum(logarithm: .nan) == EvidenceSum())
    }

    @Test func theTestsThatAreRejectedTogetherAreTheLargest() {
        #expect(eBenjaminiHochberg([1, 100, 30, 0.5], level: 0.1) == [1, 2])
        #expect(eBenjaminiHochberg([], level: 0.1).isEmpty)
        #expect(eBenjaminiHochberg([.nan, .infinity, 1], level: 0.1) == [1])
    }
}
