// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

struct DistributionTests {
    /// Two, four and one degrees of freedom have closed forms.
    @Test func chiSquareIsItsClosedForms() throws {
        for x in [1e-8, 0.01, 0.5, 1, 2, 3, 5, 10, 50, 300, 1000] {
            let one = try #require(ChiSquareDistribution.survival(x, degreesOfFreedom: 1))
            let two = try #require(ChiSquareDistribution.survival(x, degreesOfFreedom: 2))
            let four = try #require(ChiSquareDistribution.survival(x, degreesOfFreedom: 4))
            #expect(abs(one - erfc((x / 2).squareRoot())) <= 1e-12 * one)
            #expect(abs(two - exp(-x / 2)) <= 1e-12 * two)
            #expect(abs(four - (1 + x / 2) * exp(-x / 2)) <= 1e-12 * four)
        }
    }

    @Test func chiSquareOfManyDegreesIsNearlyNormal() throws {
        for degrees in [1000, 1_000_000, 1_000_000_000] {
            let median = ChiSquareDistribution.median(degreesOfFreedom: degrees)
            #expect(abs(median - (Double(degrees) - 2.0 / 3)) < 1e-3 * Double(degrees).squareRoot())
            let tail = try #require(
                ChiSquareDistribution.survival(
                    Double(degrees) + 2 * (2 * Double(degrees)).squareRoot(), degreesOfFreedom: degrees))
            #expect(abs(tail - 0.02275) < 0.003)
        }
        #expect(abs(ChiSquareDistribution.median(degreesOfFreedom: 2) - 2 * log(2)) < 1e-12)
    }

    @Test func chiSquareOfNonsenseIsUndefined() {
        #expect(ChiSquareDistribution.survival(1, degreesOfFreedom: 0) == nil)
        #expect(ChiSquareDistribution.survival(.nan, degreesOfFreedom: 3) == nil)
        #expect(ChiSquareDistribution.survival(-5, degreesOfFreedom: 3) == 1)
        #expect(ChiSquareDistribution.survival(.infinity, degreesOfFreedom: 3) == 0)
        #expect(ChiSquareDistribution.survival(1e308, degreesOfFreedom: 3) == 0)
        #expect(ChiSquareDistribution.survival(1e-308, degreesOfFreedom: 3) == 1)
        #expect(ChiSquareDistribution.median(degreesOfFreedom: 0) == 0)
    }

    @Test func kolmogorovHasItsKnownValues() {
        for (lambda, survival) in [(0.8275735551899077, 0.5), (1.2238478702170823, 0.1), (1.3580986393225507, 0.05)] {
            #expect(abs(KolmogorovDistribution.survival(lambda) - survival) < 1e-12)
        }
        // Both forms of the sum say the same where they meet.
        #expect(
            abs(KolmogorovDistribution.survival(1.18.nextDown) - KolmogorovDistribution.survival(1.18)) < 1e-14)
        #expect(KolmogorovDistribution.survival(0) == 1)
        #expect(KolmogorovDistribution.survival(.infinity) == 0)
        #expect(KolmogorovDistribution.survival(.nan) == 1)
    }
}
