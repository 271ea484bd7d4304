// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct SampleComparisonTests {
    /// Against the definitions, over all pairs and all values, with ties, infinities and missing values.
    @Test func everyStatisticIsItsDefinition() throws {
        var random = SplitMix(seed: 5)
        for _ in 0..<600 {
            let one = random.wildNumbers(12).filter { abs($0) < 1e300 || !$0.isFinite }
            let other = random.wildNumbers(12).filter { abs($0) < 1e300 || !$0.isFinite }
            let comparison = SampleComparison(reference: one, current: other)
            let (a, b) = (one.filter { !$0.isNaN }, other.filter { !$0.isNaN })
            guard !a.isEmpty, !b.isEmpty else {
                #expect(comparison.kolmogorovSmirnov == nil && comparison.mannWhitney == nil)
                #expect(comparison.wasserstein == nil && comparison.hodgesLehmann == nil)
                continue
            }
            let share = { (values: [Double], bound: Double) in
                Double(values.count { $0 <= bound }) / Double(values.count)
            }
            let largest = (a + b).map { abs(share(a, $0) - share(b, $0)) }.max() ?? 0
            #expect(abs((comparison.kolmogorovSmirnov?.statistic ?? -1) - largest) < 1e-12)
            let u: Double = b.reduce(0) { (sum: Double, x: Double) in
                sum + Double(a.count { $0 < x }) + 0.5 * Double(a.count { $0 == x })
            }
            #expect(comparison.mannWhitney?.u == u)
            let (finite, others) = (a.filter(\.isFinite), b.filter(\.isFinite))
            guard !finite.isEmpty, !others.isEmpty else { continue }
            let places = (finite + others).sorted()
            var area = 0.0
            for (place, next) in zip(places, places.dropFirst()) {
                area += abs(share(finite, place) - share(others, place)) * (next - place)
            }
            #expect(abs(try #require(comparison.wasserstein) - area) <= 1e-12 * max(1, area))
            #expect(comparison.hodgesLehmann != nil)
        }
    }

    /// Every way to deal nine different values to four and five places.
    @Test func theExactLawCountsAllOrders() throws {
        let deals = (0..<512).filter { $0.nonzeroBitCount == 4 }.map { (deal: Int) in
            let (one, other) = ((0..<9).filter { deal >> $0 & 1 == 1 }, (0..<9).filter { deal >> $0 & 1 == 0 })
            return SampleComparison(reference: one.map { Double($0) }, current: other.map { Double($0) })
        }
        let found = try deals.map { try #require($0.kolmogorovSmirnov) }
        for one in found {
            let share = Double(found.count { $0.statistic >= one.statistic - 1e-12 }) / Double(found.count)
            #expect(abs(one.exactPValue() - share) < 1e-12)
        }
        #expect(found.count == 126)
    }

    @Test func theApproximationIsNearTheExactLaw() throws {
        var random = SplitMix(seed: 6)
        for _ in 0..<20 {
            let one: [Double] = (0..<60).map { _ in random.bell() }
            let other: [Double] = (0..<50).map { _ in random.bell() + 0.2 }
            let comparison = SampleComparison(reference: one, current: other)
            let test = try #require(comparison.kolmogorovSmirnov)
            #expect(test.isApproximationValid)
            #expect(abs(test.pValue - test.exactPValue()) < 0.03)
        }
        let two = try #require(SampleComparison(reference: [1], current: [2]).kolmogorovSmirnov)
        #expect(!two.isApproximationValid && two.exactPValue() == 1)
    }

    @Test func wildNumbersDoNotTrap() {
        var random = SplitMix(seed: 7)
        for _ in 0..<2000 {
            let comparison = SampleComparison(reference: random.wildNumbers(8), current: random.wildNumbers(8))
            for value in [
                comparison.wasserstein, comparison.wassersteinPerDeviation, comparison.hodgesLehmann,
                comparison.referenceDeviation, comparison.mannWhitney?.commonLanguageEffect,
            ] { #expect(value?.isNaN != true) }
            for value in [
                comparison.kolmogorovSmirnov?.pValue, comparison.kolmogorovSmirnov?.exactPValue(),
                comparison.mannWhitney?.pValue,
            ] { #expect(value.map { (0...1.000001).contains($0) } != false) }
        }
    }

    @Test func aConstantThatMovedIsInfinitelyFar() {
        #expect(SampleComparison(reference: [3, 3], current: [4]).wassersteinPerDeviation == .infinity)
        #expect(SampleComparison(reference: [3, 3], current: [3]).wassersteinPerDeviation == 0)
        #expect(SampleComparison(reference: [3], current: [3]).mannWhitney?.pValue == 1)
    }
}
