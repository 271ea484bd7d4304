// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

/// Expected values from mpmath with 40 digits, and from scipy where it says so.
struct SpecialFunctionTests {
    private func agree(_ found: Double?, _ expected: Double, _ relative: Double = 1e-12) -> Bool {
        found.map { abs($0 - expected) <= relative * abs(expected) } ?? false
    }

    @Test func theNormalDistributionKeepsItsTails() {
        for (z, expected) in [
            (-37.5, 4.6053530095819548e-308), (-10, 7.6198530241605261e-24), (0.3, 0.61791142218895263),
        ] {
            #expect(agree(NormalDistribution.cumulative(z), expected), "\(z)")
            #expect(agree(NormalDistribution.survival(-z), expected), "\(z)")
        }
        #expect(agree(NormalDistribution.twoSidedQuantile(confidence: 0.95), 1.959963984540054, 1e-15))
        for exponent in stride(from: -1020, to: 0, by: 3) {
            let probability = Double(sign: .plus, exponent: exponent, significand: 1.4)
            let z = NormalDistribution.quantile(probability)
            #expect(agree(z.map(NormalDistribution.cumulative), probability, 1e-11), "\(probability)")
        }
        // Where 1 − p is exact, both sides agree to the last digit.
        for probability in [0.25, 0.125, 0x1p-40] {
            #expect(
                NormalDistribution.quantile(1 - probability) == NormalDistribution.quantile(probability).map { -$0 })
        }
        #expect(NormalDistribution.quantile(0) == -.infinity)
        #expect(NormalDistribution.quantile(1) == .infinity)
        for nonsense in [-0.1, 1.1, .nan, .infinity] { #expect(NormalDistribution.quantile(nonsense) == nil) }
    }

    @Test func theBetaFunctionIsRightForAllSizes() {
        for (a, b, expected) in [
            (1e-3, 1e-3, 7.6009008170083474), (0.5, 1e9, -9.7892679754235055), (12, 13, -17.295207056576547),
            (1e6, 2e6, -1_909_548.290968533), (5, 1e12, -134.9770517493048),
        ] {
            #expect(agree(BetaFunction.logarithm(a, b), expected, 1e-14), "\(a) \(b)")
            #expect(BetaFunction.logarithm(a, b) == BetaFunction.logarithm(b, a))
        }
        // The last four from scipy.
        for (a, b, x, lower, upper) in [
            (0.5, 0.5, 0.1, 0.20483276469913346, 0.79516723530086654),
            (3, 8, 0.25, 0.47440719604492188, 0.52559280395507812),
            (48, 954, 0.047, 0.46409624053595022, 0.53590375946404978),
            (1e5, 2e5, 0.3325, 0.16646746878671576, 0.83353253121328),
            (1, 1e5, 1e-6, 0.09516262720594036, 0.9048373727940596),
            (2e-3, 5, 0.4, 0.999936045788673, 6.395421132748615e-05),
            (900, 100, 0.7, 5.707989600381936e-53, 1),
        ] {
            let found = BetaFunction.regularized(x, a, b)
            #expect(agree(found?.lower, lower) && agree(found?.upper, upper), "\(a) \(b) \(x)")
            let mirrored = BetaFunction.regularized(1 - x, complement: x, b, a)
            #expect(agree(mirrored?.upper, lower) && agree(mirrored?.lower, upper), "\(a) \(b) \(x)")
        }
        let outside: [(Double, Double, Double)] = [
            (0.5, 0, 1), (0.5, 1, -1), (2, 1, 1), (.nan, 1, 1), (0.5, .infinity, 1), (0.5, .nan, 1),
        ]
        for (x, a, b) in outside {
            #expect(BetaFunction.regularized(x, a, b) == nil, "\(x) \(a) \(b)")
        }
    }

    @Test func aQuantileOfTheBetaDistributionIsWhereItSays() throws {
        var random = SplitMix(seed: 7)
        for _ in 0..<400 {
            let (a, b) = (random.logUniform(-2, 8), random.logUniform(-2, 8))
            let distribution = try #require(BetaDistribution(a, b))
            let probability = random.nextUnit()
            let x = try #require(distribution.quantile(probability))
            #expect((0...1).contains(x))
            // Where a unit in the last place of x is a jump, the answer is one of its ends.
            let (below, above) = (x.nextDown.nextDown.nextDown, x.nextUp.nextUp.nextUp)
            let low = try #require(distribution.cumulative(below)) - 1e-11
            let high = try #require(distribution.cumulative(above)) + 1e-11
            #expect(x < 1e-300 || (low...max(low, high)).contains(probability), "\(a) \(b) \(probability) \(x)")
        }
    }

    @Test func binomialTailsAreSums() throws {
        let distribution = try #require(BinomialDistribution(trials: 1000, probability: 0.01))
        #expect(agree(distribution.cumulative(2), 0.002679431993791534))
        #expect(agree(distribution.survival(from: 40), 4.688553566249803e-13))
        #expect(agree(distribution.mass(40), 3.5879107132009579e-13))
        for (trials, probability) in [(0, 0.5), (1, 0), (5, 1), (37, 0.3), (400, 0.999)] {
            let distribution = try #require(BinomialDistribution(trials: trials, probability: probability))
            var sum = 0.0
            for count in 0...trials {
                #expect(abs(distribution.survival(from: count) - (1 - sum)) < 1e-11)
                sum += distribution.mass(count)
                #expect(abs(distribution.cumulative(count) - sum) < 1e-11)
            }
        }
        #expect(BinomialDistribution(trials: -1, probability: 0.5) == nil)
        #expect(BinomialDistribution(trials: 1, probability: .nan) == nil)
    }

    @Test func studentIsScipys() {
        for (t, freedom, expected) in [
            (2.5, 3.0, 0.08770664700806556), (-12, 7, 6.358310378185098e-06), (0.1, 1, 0.936548965138893),
            (40, 1000, 1.0478852155173272e-209),
        ] {
            #expect(agree(StudentDistribution.twoSided(t, degreesOfFreedom: freedom), expected), "\(t)")
        }
        #expect(StudentDistribution.twoSided(1, degreesOfFreedom: 0) == nil)
        #expect(StudentDistribution.twoSided(.infinity, degreesOfFreedom: 5) == 0)
    }
}

extension SplitMix {
    /// Between 10^`low` and 10^`high`.
    mutating func logUniform(_ low: Double, _ high: Double) -> Double {
        pow(10, low + (high - low) * nextUnit())
    }
}
