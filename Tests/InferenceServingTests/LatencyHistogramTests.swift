// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import InferenceServing

struct LatencyHistogramTests {
    @Test(arguments: [(0, 8192), (1, 8192), (8192, 8192), (8193, 16_384), (1_000_000, 1 << 20), (1 << 34, 1 << 34)])
    func aTimeIsInTheFirstBucketThatReachesIt(_ nanoseconds: Int, _ bound: Int) {
        let histogram = LatencyHistogram()
        histogram.record(nanoseconds)
        let first = histogram.cumulative.first { $0.count == 1 }
        #expect(first?.bound == bound)
        #expect(histogram.cumulative.last?.count == 1)
    }

    @Test func theLastBucketHasNoBound() {
        let histogram = LatencyHistogram()
        histogram.record(.max)
        histogram.record((1 << 34) + 1)
        let counts = histogram.cumulative
        #expect(counts.count == LatencyHistogram.bucketCount)
        #expect(counts.last?.bound == nil && counts.last?.count == 2)
        #expect(counts.dropLast().allSatisfy { $0.count == 0 })
    }

    @Test func callsOfTheEngineAreCountedByTheirRows() {
        let counts = EngineCallCounts()
        for _ in 0..<3 { counts.ran(rows: 1, compute: 10) }
        counts.ran(rows: 1, JointTimes(assembly: 1, compute: 5, splitting: 2))
        counts.ran(rows: 7, JointTimes(assembly: 1, compute: 5, splitting: 2))
        counts.ran(rows: 64, compute: 1)
        counts.ran(rows: 65, compute: 1)
        counts.ran(rows: 128, compute: 1)
        #expect(counts.total == 8)
        #expect(counts.bySize.mapValues(\.calls) == [1: 4, 7: 1, 64: 1, 128: 2])
        #expect(counts.bySize[1] == .init(calls: 4, assembly: 1, compute: 35, splitting: 2))
    }
}
