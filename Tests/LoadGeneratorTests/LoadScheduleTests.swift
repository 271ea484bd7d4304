// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LoadGenerator

struct LoadScheduleTests {
    @Test func requestsAreEvenlySpaced() {
        let schedule = LoadSchedule(requestsPerSecond: 500, seconds: 30)
        #expect(schedule.count == 15_000)
        #expect([0, 1, 500, 14_999].map(schedule.due) == [0, 2_000_000, 1_000_000_000, 29_998_000_000])
        #expect(schedule.nanoseconds == 30_000_000_000)
    }

    @Test func roundingDoesNotAddUp() {
        let schedule = LoadSchedule(requestsPerSecond: 3, seconds: 100_000)
        #expect(schedule.count == 300_000)
        #expect(schedule.due(1) == 333_333_333)
        #expect(schedule.due(300_000) == 100_000_000_000_000)
    }

    @Test func aShortLoadIsOneRequest() {
        #expect(LoadSchedule(requestsPerSecond: 1, seconds: 0.01).count == 1)
    }

    @Test func targetsTakeTurnsForTheSameTime() {
        let two = Alternation(targets: 2, seconds: 4)
        #expect(two.turns == [0, 1, 0, 1, 0, 1, 0, 1])
        #expect(two.secondsEach == 1)
        #expect(Alternation(targets: 2, seconds: 0.5).turns == [0, 1, 0, 1])
        #expect(Alternation(targets: 2, seconds: 3600).turns.count == 60)
        #expect(Alternation(targets: 1, seconds: 30) == Alternation(targets: 1, seconds: 30))
        #expect(Alternation(targets: 1, seconds: 30).turns == [0])
        #expect(Alternation(targets: 1, seconds: 30).secondsEach == 30)
    }
}

struct ProcessorTimeTests {
    /// A program may be called what it likes.
    @Test func namesWithBracketsAreReadOver() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 100"
        #expect(ProcessorTime.seconds(inStat: stat, ticksPerSecond: 100) == 3)
    }

    @Test(arguments: ["", "7 (a", "7 (a) S 1", "7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 x y 0"])
    func whatIsNoStatIsNoTime(_ text: String) {
        #expect(ProcessorTime.seconds(inStat: text, ticksPerSecond: 100) == nil)
    }
}
