// SPDX-License-Identifier: Apache-2.0
import ModelExecution
import Testing

@testable import InferenceServing

/// What is more urgent goes first, and is refused last.
struct PriorityTests {
    private final class Job: WaitingWork {
        let name: String
        let priority: RequestPriority
        let isAbandoned = false
        let isHeldUp = false
        let rowCount = 1
        init(_ name: String, _ priority: RequestPriority) { (self.name, self.priority) = (name, priority) }
        func joins(_: Job) -> Bool { true }
    }

    /// One thread, calls of 1 ms.
    private struct Fixture {
        var queue = AdmissionQueue<Job>(cores: 1)
        var now = Moment(nanoseconds: 1_000_000_000)
        var dropped: [AdmissionQueue<Job>.Dropped] = []
        var limits = AdmissionLimits()

        mutating func admit(
            _ name: String, _ priority: RequestPriority, of caller: String = "a", deadline: Int? = nil
        ) -> RefusalCause? {
            let decision = queue.admit(
                Job(name, priority), of: CallerKey(hashing: caller), until: deadline.map(now.after) ?? .never,
                limits: limits, expecting: 1_000_000, threads: 1, now: now, dropped: &dropped)
            guard case .refused(let cause, _) = decision else { return nil }
            return cause
        }

        mutating func run() -> String? {
            guard queue.hasRunnable, let entry = queue.next(now: now, dropped: &dropped) else { return nil }
            now = now.after(1_000_000)
            queue.finished(nanoseconds: 1_000_000, now: now)
            return entry.work.name
        }
    }

    @Test func whatIsMoreUrgentGoesFirst() {
        var fixture = Fixture()
        #expect(fixture.admit("s", .shadow) == nil)
        #expect(fixture.admit("b1", .batch) == nil)
        #expect(fixture.admit("b2", .batch, of: "b", deadline: 20_000_000) == nil)
        #expect(fixture.admit("i", .interactive, of: "b") == nil)
        #expect((0..<5).map { _ in fixture.run() } == ["i", "b1", "b2", "s", nil])
    }

    /// A call has room for what is less urgent once the others are in it.
    @Test func whatIsLessUrgentFillsACall() throws {
        var fixture = Fixture()
        for (name, priority) in [("s", RequestPriority.shadow), ("b", .batch), ("i1", .interactive)] {
            #expect(fixture.admit(name, priority) == nil)
        }
        #expect(fixture.admit("i2", .interactive) == nil)
        let first = try #require(fixture.queue.next(now: fixture.now, dropped: &fixture.dropped))
        let (others, isFull) = fixture.queue.companions(
            of: first, rows: 3, cost: { $0 }, now: fixture.now, dropped: &fixture.dropped)
        #expect(([first] + others).map(\.work.name) == ["i1", "i2", "b"])
        #expect(isFull)
        #expect(fixture.queue.waiting == 1)
    }

    @Test func whatIsMoreUrgentIsExpectedSooner() {
        var fixture = Fixture()
        for index in 0..<4 { #expect(fixture.admit("i\(index)", .interactive) == nil) }
        for index in 0..<10 { #expect(fixture.admit("b\(index)", .batch) == nil) }
        #expect(fixture.admit("tight", .batch, of: "c", deadline: 4_000_000) == .wouldMissDeadline)
        #expect(fixture.admit("tight", .interactive, of: "c", deadline: 4_000_000) == nil)
    }

    @Test func aFullQueueMakesRoomForWhatIsMoreUrgent() {
        var fixture = Fixture()
        fixture.limits = AdmissionLimits(queue: 4)
        for name in ["s1", "s2"] { #expect(fixture.admit(name, .shadow) == nil) }
        for name in ["b1", "b2"] { #expect(fixture.admit(name, .batch, of: "b") == nil) }
        #expect(fixture.admit("s3", .shadow, of: "c") == .queueFull)
        #expect(fixture.admit("i1", .interactive) == nil)
        #expect(fixture.admit("b3", .batch, of: "c") == nil)
        #expect(fixture.dropped.map(\.work.name) == ["s2", "s1"])
        #expect(fixture.dropped.allSatisfy { $0.cause == .queueFull })
        #expect(fixture.queue.waiting == 4)
        #expect((0..<4).map { _ in fixture.run() } == ["i1", "b1", "b3", "b2"])
    }

    /// More of them than can be answered is no overload for those who go before them.
    @Test func anOverloadOfBatchWorkRefusesNobodyElse() {
        var fixture = Fixture()
        fixture.limits = AdmissionLimits(queue: 1000)
        var refused = 0
        for _ in 0..<200 where fixture.admit("b", .batch) != nil { refused += 1 }
        #expect(refused > 100)
        for index in 0..<20 { #expect(fixture.admit("i\(index)", .interactive, of: "c") == nil) }
        for index in 0..<20 { #expect(fixture.run() == "i\(index)") }
    }

    @Test(arguments: [(0, .interactive), (1, .interactive), (2, .batch), (3, .shadow)] as [(Int64, RequestPriority)])
    func tritonsLevelsAreKnown(_ level: Int64, _ priority: RequestPriority) {
        #expect(RequestPriority(level: level) == priority)
    }

    @Test(arguments: [-1, 4, Int64.max, Int64.min])
    func otherLevelsAreNot(_ level: Int64) { #expect(RequestPriority(level: level) == nil) }

    @Test func theirNamesAreRead() {
        for priority in RequestPriority.allCases { #expect(RequestPriority(name: priority.name) == priority) }
        #expect(RequestPriority(name: "urgent") == nil)
        #expect(RequestPriority(name: "") == nil)
    }
}
