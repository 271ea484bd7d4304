// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
package import RequestTracing
internal import Synchronization

/// A prediction of each bucket of a ``LatencyHistogram``, so that whoever sees a slow bucket has one to look for.
///
/// A newer one takes the place of one that is a second old, and one that was traced any other's: otherwise a prediction costs
/// a comparison here.
package final class LatencyExemplars: Sendable {
    package struct Exemplar: Sendable {
        package let prediction: PredictionID
        package let nanoseconds: Int
        /// When it was answered.
        package let moment: Moment
        /// Where it was traced.
        package let trace: TraceID?
    }

    private static let interval = 1_000_000_000

    private let noted = InlineArray<23, Atomic<Int>> { _ in Atomic(.min) }
    private let exemplars = Mutex<[Exemplar?]>([])

    package init() {}

    /// Bucket by bucket; empty when nothing was answered yet.
    package var all: [Exemplar?] { exemplars.withLock(\.self) }

    func note(
        _ prediction: PredictionID, took nanoseconds: Int, bucket: Int, at now: Moment, trace: TraceID? = nil
    ) {
        guard trace != nil || noted[bucket].load(ordering: .relaxed) <= now.nanoseconds - Self.interval else { return }
        noted[bucket].store(now.nanoseconds, ordering: .relaxed)
        exemplars.withLock { exemplars in
            if exemplars.isEmpty { exemplars = Array(repeating: nil, count: LatencyHistogram.bucketCount) }
            exemplars[bucket] = Exemplar(prediction: prediction, nanoseconds: nanoseconds, moment: now, trace: trace)
        }
    }
}
