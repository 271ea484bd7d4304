// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct ConcurrencyLimitTests {
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
