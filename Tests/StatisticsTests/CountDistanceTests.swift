// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct CountDistanceTests {
    @Test func everyDistanceStaysWithinItsBounds() throws {
        var random = SplitMix(seed: 1)
        for _ in 0..<2000 {
            let bins = Int.random(in: 1...40, using: &random)
            let largest = [1, 10, 1000, 1 << 40].randomElement(using: &random) ?? 1
            let draw = { (random: inout SplitMix) in
                (0..<bins).map { _ in max(0, Int.random(in: -largest...largest, using: &random)) }
            }
            let (reference, current) = (draw(&random), draw(&random))
            guard let distance = CountDistance(reference: reference, current: current) else {
                #expect(reference.allSatisfy { $0 == 0 } || current.allSatisfy { $0 == 0 })
                continue
            }
            let swapped = try #require(CountDistance(reference: current, current: reference))
            #expect(abs(distance.stability - distance.divergence - distance.reverseDivergence) < 1e-9)
            #expect(abs(distance.stability - swapped.stability) < 1e-9)
            #expect(abs(distance.divergence - swapped.reverseDivergence) < 1e-9)
            #expect((0...0.69315).contains(distance.jensenShannon))
            #expect((0...1.0001).contains(distance.hellinger))
            #expect((0...1.0001).contains(distance.totalVariation))
            #expect(distance.largestDifference <= distance.totalVariation + 1e-9)
            #expect(distance.kolmogorovSmirnov <= distance.totalVariation + 1e-9)
            #expect(distance.hellinger * distance.hellinger <= distance.totalVariation + 1e-9)
            #expect((0...1).contains(distance.stabilityPValue()))
            #expect(distance.stability.isFinite && distance.flooredStability.isFinite)
        }
    }

    @Test func withoutRowsThereIsNoDistance() {
        #expect(CountDistance(reference: [], current: []) == nil)
        #expect(CountDistance(reference: [0, 0], current: [1, 2]) == nil)
        #expect(HomogeneityTest(reference: [1, 2], current: [0, 0]) == nil)
    }

    @Test func oneBinSaysNothing() throws {
        let distance = try #require(CountDistance(reference: [0, 7, 0], current: [0, 900, 0]))
        #expect(distance.stability == 0 && distance.expectedByChance == 0 && distance.stabilityPValue() == 1)
        let test = try #require(HomogeneityTest(reference: [0, 7, 0], current: [0, 900, 0]))
        #expect(test.chiSquare == 0 && test.pValue() == 1 && test.gPValue() == 1 && test.isApproximationValid)
    }

    /// What thresholds rest on: pure noise has a stability index of (K − 1)(1/m + 1/n) on average, and p-values that are
    /// as often below a level as it says.
    @Test func noiseIsWhatItIsTakenFor() throws {
        var random = SplitMix(seed: 2)
        let shares = [0.05, 0.1, 0.1, 0.15, 0.2, 0.1, 0.1, 0.1, 0.1]
        var (sum, expected, rejected, stabilityRejected) = (0.0, 0.0, 0, 0)
        let windows = 500
        for _ in 0..<windows {
            let (reference, current) = (random.multinomial(500, shares), random.multinomial(200, shares))
            let distance = try #require(CountDistance(reference: reference, current: current))
            let test = try #require(HomogeneityTest(reference: reference, current: current))
            sum += distance.stability
            expected += distance.expectedByChance
            if test.pValue() < 0.05 { rejected += 1 }
            if distance.stabilityPValue() < 0.05 { stabilityRejected += 1 }
        }
        #expect(abs(sum / expected - 1) < 0.1)
        // 0.05 of 500 is 25, with a deviation of 4.9.
        #expect((10...40).contains(rejected))
        #expect((10...40).contains(stabilityRejected))
    }

    /// Twenty equal rows of each user: every window alarms, until the overdispersion that healthy windows show is divided out.
    @Test func rowsThatComeTwentyfoldAreNoticed() throws {
        var random = SplitMix(seed: 3)
        let shares = [Double](repeating: 0.1, count: 10)
        let reference = random.multinomial(20_000, shares)
        let windows = try (0..<200).map { _ in
            let current = random.multinomial(50, shares).map { 20 * $0 }
            return try #require(HomogeneityTest(reference: reference, current: current))
        }
        #expect(windows.count { $0.pValue() < 0.001 } > 190)
        let factor = try #require(overdispersion(of: Array(windows.prefix(100))))
        #expect((15...26).contains(factor))
        #expect(windows.dropFirst(100).count { $0.pValue(overdispersion: factor) < 0.01 } <= 6)
    }

    @Test func independentRowsAreNotOverdispersed() throws {
        var random = SplitMix(seed: 4)
        let shares = [0.2, 0.3, 0.5]
        let windows = try (0..<100).map { _ in
            try #require(
                HomogeneityTest(reference: random.multinomial(500, shares), current: random.multinomial(500, shares)))
        }
        let factor = try #require(overdispersion(of: windows))
        #expect((1...1.6).contains(factor))
        #expect(overdispersion(of: []) == nil)
    }
}
