// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// How many took how long, in buckets that each reach twice as far as the one before: one addition for each time.
package final class LatencyHistogram: Sendable {
    /// The first bucket reaches to 2¹³ ns (8 µs), the last one but one to 2³⁴ ns (17 s).
    private static let firstExponent = 13
    package static let bucketCount = 23

    private let buckets = InlineArray<23, Atomic<Int>> { _ in Atomic(0) }

    package init() {}

    /// - Returns: The bucket, counted from 0.
    @discardableResult
    package func record(_ nanoseconds: Int) -> Int {
        // The bucket of exponent n takes what is at most 2ⁿ.
        let exponent = Int.bitWidth - max(0, nanoseconds - 1).leadingZeroBitCount
        let index = min(max(0, exponent - Self.firstExponent), Self.bucketCount - 1)
        buckets[index].add(1, ordering: .relaxed)
        return index
    }

    /// How many are in each bucket.
    package var counts: [Int] { (0..<Self.bucketCount).map { buckets[$0].load(ordering: .relaxed) } }

    /// What a bucket takes, in nanoseconds: more than the first, at most the second, which the last one does not have.
    package static func bounds(of bucket: Int) -> (above: Int, atMost: Int?) {
        (
            bucket == 0 ? 0 : 1 << (firstExponent + bucket - 1),
            bucket == bucketCount - 1 ? nil : 1 << (firstExponent + bucket)
        )
    }

    /// How many took at most so long, in nanoseconds; the last one has no bound and counts all.
    package var cumulative: [(bound: Int?, count: Int)] {
        var sum = 0
        return (0..<Self.bucketCount).map { index in
            sum += buckets[index].load(ordering: .relaxed)
            return (index == Self.bucketCount - 1 ? nil : 1 << (Self.firstExponent + index), sum)
        }
    }
}
