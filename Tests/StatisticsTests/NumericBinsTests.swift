// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

struct NumericBinsTests {
    struct BinningCase: Decodable {
        struct Input: Decodable {
            let baseline: [VectorNumber]
            let current: [VectorNumber]
            let bins: Int
        }
        struct Counts: Decodable {
            let counts: [Int]
            let missing: Int
            let negInf: Int
            let posInf: Int
        }
        struct Expected: Decodable {
            let edges: [Double]
            let min: Double
            let max: Double
            let baseline: Counts
            let current: Counts
        }
        let id: String
        let input: Input
        let expected: Expected
    }

    /// Edges and counts are those of the reference, to the last bit.
    @Test func edgesAndCountsAreTheReferences() throws {
        for test in try vectorCases("drift_binning", as: BinningCase.self) {
            let profile = NumericProfile(
                of: test.input.baseline.map { $0.value ?? .nan }, binCount: test.input.bins)
            let bins = try #require(profile.bins)
            #expect(bins.edges == test.expected.edges, "\(test.id)")
            #expect(profile.binCounts == test.expected.baseline.counts, "\(test.id)")
            #expect(profile.missing == test.expected.baseline.missing)
            #expect(profile.negativeInfinities == test.expected.baseline.negInf)
            #expect(profile.positiveInfinities == test.expected.baseline.posInf)
            #expect(profile.minimum == test.expected.min)
            #expect(profile.maximum == test.expected.max)

            var counts = [Int](repeating: 0, count: bins.count)
            for value in test.input.current.compactMap(\.value) where !value.isNaN {
                counts[bins.index(of: value)] += 1
            }
            #expect(counts == test.expected.current.counts, "\(test.id)")
        }
    }

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
        #expect(isClose(try #require(profile.standardDeviation), (32.0 / 7).squareRoot()))
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
