// SPDX-License-Identifier: Apache-2.0
import Foundation
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

struct LoadWatchTests {
    private let schedule = LoadSchedule(requestsPerSecond: 1000, seconds: 1)

    private func watch(allowed: Int = 2, failures: Int = 1) -> LoadWatch {
        LoadWatch(
            LoadLimits(latencies: [.init(nanoseconds: 10_000_000, allowed: allowed)], failuresAllowed: failures))
    }

    @Test func requestsComeDueOneAfterTheOther() {
        #expect([-5, 0, 1, 1_000_000, 1_000_001, 9_999_999_999].map(schedule.dueCount) == [0, 0, 1, 1, 2, 1000])
    }

    @Test func tooManyLateAnswersAreHopeless() {
        var watch = watch()
        for _ in 0..<2 { watch.noteAnswer(isGood: true, latency: 10_000_001) }
        watch.noteAnswer(isGood: true, latency: 10_000_000)
        #expect(!watch.isHopeless(schedule, elapsed: 5_000_000))
        watch.noteAnswer(isGood: true, latency: 10_000_001)
        #expect(watch.isHopeless(schedule, elapsed: 5_000_000))
    }

    @Test func tooManyFailuresAreHopeless() {
        var watch = watch()
        watch.noteLoss()
        #expect(!watch.isHopeless(schedule, elapsed: 0))
        watch.noteAnswer(isGood: false, latency: 1)
        #expect(watch.isHopeless(schedule, elapsed: 0))
    }

    @Test func requestsWithoutAnAnswerAreLateOnceTheyAre() {
        let watch = watch()
        // Two were due ten milliseconds ago and more, then three.
        #expect(!watch.isHopeless(schedule, elapsed: 12_000_000))
        #expect(watch.isHopeless(schedule, elapsed: 12_000_001))
    }
}

@Suite(.serialized)
struct ProcessFamilyTests {
    @Test func childrenCountWithTheirProcess() async throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/sh")
        child.arguments = ["-c", "sleep 600 & wait"]
        // Whoever runs the tests reads what they print until nobody is left who could print more.
        child.standardOutput = FileHandle.nullDevice
        child.standardError = FileHandle.nullDevice
        try child.run()
        // Not by SIGTERM, which may be ignored here, and is then ignored by children as well.
        defer { kill(child.processIdentifier, SIGKILL) }
        let family = ProcessFamily(Int(child.processIdentifier))
        for _ in 0..<6000 where family.members.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(family.members.count == 2)
        let alone = try #require(ProcessFamily(family.members[1]).residentBytes)
        #expect(try #require(family.residentBytes) > alone)
        #expect(family.processorSeconds != nil)
        kill(pid_t(family.members[1]), SIGKILL)
    }

    @Test func whoIsNotThereUsesNothing() {
        let family = ProcessFamily(.max)
        #expect(family.processorSeconds == nil)
        #expect(family.residentBytes == nil)
    }

    @Test func whatThisProcessUsesGrows() {
        let before = ProcessorTime.ownSeconds
        // Other tests of this process use time as well.
        while ProcessorTime.ownSeconds < before + 0.005 {}
        #expect(ProcessorTime.ownSeconds > before)
    }
}

struct ProcessorTimeTests {
    /// A program may be called what it likes.
    @Test func namesWithBracketsAreReadOver() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 100"
        #expect(ProcessorTime.seconds(inStat: stat, ticksPerSecond: 100) == 3)
    }

    @Test func endedChildrenCountWhereTheyAreWanted() {
        let stat = "7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 30 70 20 0 1 0 100 1000 100"
        #expect(ProcessorTime.seconds(inStat: stat, ticksPerSecond: 100) == 3)
        #expect(ProcessorTime.seconds(inStat: stat, ticksPerSecond: 100, andEndedChildren: true) == 4)
    }

    @Test(arguments: ["", "7 (a", "7 (a) S 1", "7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 x y 0"])
    func whatIsNoStatIsNoTime(_ text: String) {
        #expect(ProcessorTime.seconds(inStat: text, ticksPerSecond: 100) == nil)
    }
}
