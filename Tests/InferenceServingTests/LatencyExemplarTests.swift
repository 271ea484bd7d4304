// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Testing

@testable import InferenceServing

/// Predictions that stand for the others of their bucket.
struct LatencyExemplarTests {
    @Test func oneOfASecondStandsForTheOthers() {
        let exemplars = LatencyExemplars()
        #expect(exemplars.all.isEmpty)
        let ids = (0..<4).map { PredictionID(high: 1, low: $0) }
        let start = Moment(nanoseconds: 5_000_000_000)
        exemplars.note(ids[0], took: 10, bucket: 2, at: start)
        exemplars.note(ids[1], took: 20, bucket: 2, at: start.after(999_999_999))
        #expect(exemplars.all[2]?.prediction == ids[0])
        exemplars.note(ids[2], took: 30, bucket: 22, at: start.after(1))
        exemplars.note(ids[3], took: 40, bucket: 2, at: start.after(1_000_000_000))
        let all = exemplars.all
        #expect(all.count == LatencyHistogram.bucketCount && all.count { $0 != nil } == 2)
        #expect(all[2]?.prediction == ids[3] && all[2]?.nanoseconds == 40)
        #expect(all[22]?.prediction == ids[2])
    }
}
