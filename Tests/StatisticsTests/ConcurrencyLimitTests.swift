// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct ConcurrencyLimitTests {
    struct GradientCase: Decodable {
        struct Input: Decodable {
            /// `[time, in flight]`
            let samples: [[Double]]
            let initialLimit: Int
            let minLimit: Int
            let maxLimit: Int
            let smoothing: Double
            let queueSize: Double
            let longWindow: Int
            let rttTolerance: Double
            let warmup: Int
        }
        struct Expected: Decodable {
            let limits: [Int]
            let finalEstimate: Double
        }
        let input: Input
        let expected: Expected
    }

    @Test func theLimitIsTheReferences() throws {
        for test in try vectorCases("gradient2", as: GradientCase.self) {
            let input = test.input
            var limit = ConcurrencyLimit(
                initial: input.initialLimit, range: input.minLimit...input.maxLimit, smoothing: input.smoothing,
                headroom: input.queueSize, tolerance: input.rttTolerance, longWindow: input.longWindow,
                warmUp: input.warmup)
            let limits = input.samples.map { sample in
                limit.record(time: sample[0], inFlight: Int(sample[1]))
                return limit.value
            }
            #expect(limits == test.expected.limits)
            #expect(isClose(limit.unrounded, test.expected.finalEstimate))
        }
    }

    @Test func anIdleSystemLearnsNothing() {
        var limit = ConcurrencyLimit(initial: 20, range: 2...200)
        for _ in 0..<100 { limit.record(time: 1, inFlight: 9) }
        #expect(limit.value == 20)
        limit.record(time: 1, inFlight: 10)
        #expect(limit.value > 20 || limit.unrounded > 20)
    }

    @Test func theLimitStaysInItsRange() {
        var limit = ConcurrencyLimit(initial: 1000, range: 2...8, headroom: 1)
        #expect(limit.value == 8)
        for step in 0..<200 { limit.record(time: Double(step * step + 1), inFlight: 100) }
        #expect(limit.value == 2)
        for time in [0, -1, .nan, .infinity] { limit.record(time: time, inFlight: 100) }
        #expect(limit.value == 2)
    }
}
