// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct NumericBinsTests {
    @Test func aConstantColumnHasBinsBelowAtAndAbove() throws {
        let bins = try #require(NumericProfile(of: [3, 3, 3]).bins)
        #expect(bins.edges == [Double(3).nextDown, 3])
        #expect([2.9, 3, 3.1].map(bins.index(of:)) == [0, 1, 2])
    }

    @Test func negativeZeroIsZero() {
        #expect(NumericProfile(of: [-0.0, 0, 0]).bins == NumericProfile(of: [0, 0, 0]).bins)
    }

    @Test func aColumnWithoutAFiniteValueHasNoBins() {
        let profile = NumericProfile(of: [.nan, .infinity])
        #expect(profile.bins == nil)
        #expect(profile.mean == nil)
        #expect(profile.missing == 1)
        #expect(profile.positiveInfinities == 1)
    }

    @Test func momentsAreThoseOfTheFiniteValues() throws {
        let profile = NumericProfile(of: [2, 4, 4, 4, 5, 5, 7, 9, .nan])
        #expect(profile.mean == 5)
        #expect(abs(try #require(profile.standardDeviation) - (32.0 / 7).squareRoot()) < 1e-12)
        #expect(profile.distinct == 5)
    }

    @Test func onlyTheHundredMostFrequentCategoriesAreKept() {
        let values = (0..<150).flatMap { index in
            [[UInt8]?](repeating: Array("c\(index)".utf8), count: index == 149 ? 3 : 1)
        }
        let profile = CategoricalProfile(of: values + [nil])
        #expect(profile.categories.count == 100)
        #expect(profile.categories.first?.bytes == Array("c149".utf8))
        #expect(profile.other == 50)
        #expect(profile.missing == 1)
    }
}
