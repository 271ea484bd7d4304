// SPDX-License-Identifier: Apache-2.0
import ModelExecution
import Testing

@testable import InferenceServing

/// The rules, with a clock that the test turns.
struct AdmissionQueueTests {
    private final class Job: WaitingWork {
        let name: String
        var isAbandoned = false
        var rowCount = 1
        var priority = RequestPriority.interactive
        var isHeldUp = false

        init(_ name: String) { self.name = name }

        /// Names that begin alike.
        func joins(_ other: Job) -> Bool { name.first == other.name.first }
    }

    /// A queue whose calls take 1 ms each on two threads.
    private struct Fixture {
        var queue = AdmissionQueue<Job>(cores: 2)
        var now = Moment(nanoseconds: 1_000_000_000)
        var dropped: [AdmissionQueue<Job>.Dropped] = []
        var limits = AdmissionLimits()
        var service = 1_000_000
        var threads = 2.0

        mutating func admit(
            _ name: String, of caller: String = "a", deadline: Int? = nil
        ) -> RefusalCause? {
            admit(Job(name), of: caller, deadline: deadline)
        }

        mutating func admit(_ job: Job, of caller: String = "a", deadline: Int? = nil) -> RefusalCause? {
            let decision = queue.admit(
                job, of: CallerKey(hashing: caller), until: deadline.map(now.after) ?? .never, limits: limits,
                expecting: service, threads: threads, now: now, dropped: &dropped)
            guard case .refused(let cause, _) = decision else { return nil }
            return cause
        }

        /// Runs what is next to its end, for `service`.
        mutating func run() -> String? {
            guard queue.hasRunnable, let entry = queue.next(now: now, dropped: &dropped) else { return nil }
            now = now.after(service)
            queue.finished(nanoseconds: service, now: now)
            return entry.work.name
        }

        /// What is next with what joins it, as one call; each row takes what one call takes, unless `cost` says otherwise.
        mutating func together(rows: Int, cost: (Int) -> Int = { $0 * 1_000_000 }) -> (names: [String], isFull: Bool) {
            guard let first = queue.next(now: now, dropped: &dropped) else { return ([], false) }
            let (others, isFull) = queue.companions(of: first, rows: rows, cost: cost, now: now, dropped: &dropped)
            return (([first] + others).map(\.work.name), isFull)
        }

        mutating func pass(milliseconds: Int) { now = now.after(milliseconds * 1_000_000) }
    }

    @Test func oneCallersRequestsRunInTheirOrder() {
        var fixture = Fixture()
        for name in ["1", "2", "3"] { #expect(fixture.admit(name) == nil) }
        #expect([fixture.run(), fixture.run(), fixture.run(), fixture.run()] == ["1", "2", "3", nil])
    }

    /// What waits travels along where it can; what cannot keeps its place.
    @Test func whatGatheredMeanwhileTravelsTogether() throws {
        var fixture = Fixture()
        let gone = Job("x gone")
        for job in [Job("x1"), Job("x2"), gone, Job("x3"), Job("y1"), Job("x4"), Job("y2")] {
            #expect(fixture.admit(job) == nil)
        }
        gone.isAbandoned = true
        let call = fixture.together(rows: 10)
        #expect(call.names == ["x1", "x2", "x3", "x4"])
        #expect(!call.isFull)
        #expect(fixture.dropped.map(\.work.name) == ["x gone"])
        #expect(fixture.queue.running == 1)
        fixture.queue.finished(nanoseconds: 4_000_000, joined: 3, now: fixture.now)
        #expect(fixture.queue.running == 0)
        #expect(fixture.queue.serviceNanoseconds == 1_000_000)
        #expect(fixture.together(rows: 10).names == ["y1", "y2"])
        #expect(fixture.queue.waiting == 0)
    }

    /// Places in a call are given in turns as well.
    @Test func callersShareACall() {
        var fixture = Fixture()
        for name in ["x1", "x2", "x3", "x4"] { #expect(fixture.admit(name, of: "a") == nil) }
        for name in ["x5", "y1", "x6"] { #expect(fixture.admit(name, of: "b") == nil) }
        #expect(fixture.together(rows: 3).names == ["x1", "x5", "x2"])
        #expect(fixture.together(rows: 2).names == ["y1"])
        #expect(fixture.together(rows: 8).names == ["x3", "x6", "x4"])
    }

    @Test func noMoreRowsTravelTogetherThanAreAllowed() throws {
        var fixture = Fixture()
        for (name, rows) in [("x1", 2), ("x2", 3), ("x3", 2), ("x4", 1)] {
            let job = Job(name)
            job.rowCount = rows
            #expect(fixture.admit(job) == nil)
        }
        let call = fixture.together(rows: 6)
        #expect(call.names == ["x1", "x2", "x4"])
        #expect(call.isFull)
        #expect(fixture.together(rows: 6).isFull == false)
    }

    /// A request joins only where the call is thought to end before its deadline, and before those of the others.
    @Test func nobodyIsMadeLate() {
        var fixture = Fixture()
        #expect(fixture.admit("x1", deadline: 100_000_000) == nil)
        #expect(fixture.admit("x2", deadline: 40_000_000) == nil)
        #expect(fixture.admit("x3", deadline: 2_500_000) == nil)
        #expect(fixture.admit("x4", deadline: 90_000_000) == nil)
        // The nearest deadline is first, and leaves time for one more.
        #expect(fixture.together(rows: 10).names == ["x3", "x2"])
        // Together they would take longer than the first one has.
        #expect(fixture.together(rows: 10) { $0 * 50_000_000 }.names == ["x4"])
        #expect(fixture.together(rows: 10).names == ["x1"])
    }

    /// Of what one caller wants the nearest deadline is first; others are not passed for it.
    @Test func aDeadlineOrdersWhatOneCallerWants() {
        var fixture = Fixture()
        #expect(fixture.admit("a late", of: "a", deadline: 50_000_000) == nil)
        #expect(fixture.admit("b late", of: "b", deadline: 60_000_000) == nil)
        #expect(fixture.admit("b soon", of: "b", deadline: 9_000_000) == nil)
        #expect(fixture.admit("a never", of: "a") == nil)
        #expect(fixture.admit("a soon", of: "a", deadline: 30_000_000) == nil)
        let order = (0..<5).compactMap { _ in fixture.run() }
        #expect(order == ["a soon", "b soon", "a late", "b late", "a never"])
    }

    @Test func whatFailedTogetherRunsAlone() throws {
        var fixture = Fixture()
        for name in ["x1", "x2"] { #expect(fixture.admit(name) == nil) }
        let first = try #require(fixture.queue.next(now: fixture.now, dropped: &fixture.dropped))
        let (others, _) = fixture.queue.companions(
            of: first, rows: 10, cost: { $0 }, now: fixture.now, dropped: &fixture.dropped)
        #expect(others.map(\.work.name) == ["x2"])
        #expect(fixture.admit("x3") == nil)
        fixture.queue.finished(nanoseconds: nil, joined: 1, now: fixture.now)
        fixture.queue.putBack([first] + others, now: fixture.now)
        var order: [String] = []
        while let entry = fixture.queue.next(now: fixture.now, dropped: &fixture.dropped) {
            order.append(entry.work.name)
            let (company, _) = fixture.queue.companions(
                of: entry, rows: 10, cost: { $0 }, now: fixture.now, dropped: &fixture.dropped)
            #expect(company.isEmpty)
            fixture.queue.finished(nanoseconds: 1_000_000, now: fixture.now)
        }
        #expect(order == ["x1", "x2", "x3"])
        fixture.pass(milliseconds: 1001)
        for name in ["x4", "x5"] { #expect(fixture.admit(name) == nil) }
        #expect(fixture.together(rows: 10).names == ["x4", "x5"])
    }

    /// While a model's process is started again, a queue is no sign of overload.
    @Test func whatIsHeldUpMayWait() {
        var fixture = Fixture()
        let held = Job("held")
        held.isHeldUp = true
        for _ in 0..<10 {
            for _ in 0..<10 { #expect(fixture.admit(held) == nil) }
            fixture.pass(milliseconds: 200)
        }
        #expect(fixture.queue.waiting == 100)
        for _ in 0..<100 { #expect(fixture.run() == "held") }
        #expect(fixture.dropped.isEmpty)
    }

    @Test func callersTakeTurns() {
        var fixture = Fixture()
        for name in ["a1", "a2", "a3"] { #expect(fixture.admit(name, of: "a") == nil) }
        for name in ["b1", "b2"] { #expect(fixture.admit(name, of: "b") == nil) }
        let order = (0..<5).compactMap { _ in fixture.run() }
        #expect(order == ["a1", "b1", "a2", "b2", "a3"])
    }

    /// Whoever fills the queue is told so; there is room for others, and for each of them about as much.
    @Test func aCallerWhoFillsTheQueueLeavesRoomForOthers() {
        var fixture = Fixture()
        fixture.limits = AdmissionLimits(queue: 100)
        fixture.service = 1
        var own = 0
        while fixture.admit("a", of: "a") == nil { own += 1 }
        #expect(own == 80)
        #expect(fixture.admit("a", of: "a") == .share)
        var others = 0
        while fixture.admit("b", of: "b") == nil { others += 1 }
        #expect(others == 16)
        #expect(fixture.admit("c", of: "c") == nil)
    }

    @Test func whoeverComesToAFullQueueIsRefused() {
        var fixture = Fixture()
        fixture.limits = AdmissionLimits(queue: 2)
        fixture.service = 1
        #expect(fixture.admit("1") == nil)
        #expect(fixture.admit("2") == nil)
        #expect(fixture.admit("3") == .queueFull)
        #expect(fixture.admit("3", of: "b") == .queueFull)
    }

    @Test func whatNobodyWaitsForMakesRoom() {
        var fixture = Fixture()
        fixture.limits = AdmissionLimits(queue: 2)
        fixture.service = 1
        let gone = Job("gone")
        #expect(fixture.admit(gone) == nil)
        #expect(fixture.admit("late", deadline: 2_000_000) == nil)
        gone.isAbandoned = true
        fixture.pass(milliseconds: 3)
        #expect(fixture.admit("new") == nil)
        #expect(fixture.dropped.map(\.cause) == [.abandoned, .deadline])
        #expect(fixture.run() == "new")
    }

    @Test func whatIsNotWorthRunningIsDroppedBeforeItsTurn() {
        var fixture = Fixture()
        let gone = Job("gone")
        #expect(fixture.admit(gone) == nil)
        #expect(fixture.admit("late", deadline: 2_000_000) == nil)
        #expect(fixture.admit("good") == nil)
        gone.isAbandoned = true
        fixture.pass(milliseconds: 3)
        #expect(fixture.run() == "good")
        // The earliest deadline is looked at first.
        #expect(fixture.dropped.map(\.work.name) == ["late", "gone"])
        #expect(fixture.dropped.map(\.cause) == [.deadline, .abandoned])
    }

    /// Ten calls of 1 ms on two threads are 5 ms of waiting.
    @Test func whoWouldMissTheirDeadlineIsToldOnArrival() {
        var fixture = Fixture()
        for _ in 0..<10 { #expect(fixture.admit("x", of: "a") == nil) }
        #expect(fixture.admit("tight", of: "a", deadline: 4_000_000) == .wouldMissDeadline)
        #expect(fixture.admit("loose", of: "a", deadline: 6_000_000) == nil)
        // Another caller's turn comes sooner.
        #expect(fixture.admit("other", of: "b", deadline: 4_000_000) == nil)
    }

    /// A slow past must not lock everybody out for good: with nothing ahead, a request is tried.
    @Test func anEmptyQueueTakesAnyDeadline() {
        var fixture = Fixture()
        fixture.service = 1_000_000_000
        #expect(fixture.admit("x", deadline: 1_000_000) == nil)
    }

    /// 100 calls are 50 ms of waiting, ten times the target of 5 ms: that much a queue that was empty takes at once.
    @Test func aBurstIsTaken() {
        var fixture = Fixture()
        for index in 0...100 { #expect(fixture.admit("\(index)") == nil, "\(index)") }
        #expect(fixture.dropped.isEmpty)
    }

    /// One more is overload: what would wait longer than the target goes at once, and nothing longer is taken.
    @Test func beyondABurstOnlyWhatIsServedInTimeStays() {
        var fixture = Fixture()
        for index in 0...100 { _ = fixture.admit("\(index)") }
        #expect(fixture.admit("straw") == nil)
        #expect(fixture.queue.waiting == 9)
        #expect(fixture.dropped.count == 93)
        #expect(fixture.dropped.allSatisfy { $0.cause == .standingQueue })
        #expect(fixture.admit("more") == .standingQueue)
        // The oldest are those that stay.
        #expect(fixture.run() == "0")
        // Until it was over for 100 ms.
        while fixture.run() != nil {}
        fixture.pass(milliseconds: 110)
        for _ in 0..<50 { #expect(fixture.admit("after") == nil) }
    }

    /// Slightly more than can be served, for long: after 100 ms nobody may wait for more than 4, so as to be answered within 5.
    @Test func aQueueThatStandsIsCutToTheTarget() {
        var fixture = Fixture()
        fixture.threads = 1
        for _ in 0..<20 { #expect(fixture.admit("x") == nil) }
        for step in 0..<400 {
            #expect(fixture.admit("x") == nil)
            #expect(fixture.dropped.isEmpty == (step <= 100), "\(step)")
            #expect(fixture.run() != nil)
        }
        #expect(fixture.dropped.allSatisfy { $0.cause == .standingQueue })
        #expect(fixture.queue.waiting <= 6)
    }

    /// The target of a slow model is its own time.
    @Test func aSlowModelMayHaveSomebodyWaiting() {
        var fixture = Fixture()
        fixture.service = 100_000_000
        for _ in 0...20 { #expect(fixture.admit("x") == nil) }
        #expect(fixture.queue.waiting == 21)
        #expect(fixture.admit("x") == nil)
        #expect(fixture.queue.waiting == 3)
        #expect(fixture.admit("x") == .standingQueue)
    }

    /// Whoever would rather wait says so.
    @Test func theWaitCanBeConfigured() {
        var fixture = Fixture()
        fixture.limits = AdmissionLimits(waitNanoseconds: 1_000_000_000)
        for _ in 0..<800 { #expect(fixture.admit("x") == nil) }
    }

    @Test func noMoreRunThanTheLimitSays() {
        var fixture = Fixture()
        fixture.limits = AdmissionLimits(concurrency: 1)
        for _ in 0..<3 { #expect(fixture.admit("x") == nil) }
        _ = fixture.queue.next(now: fixture.now, dropped: &fixture.dropped)
        #expect(!fixture.queue.hasRunnable)
        fixture.queue.finished(nanoseconds: 1, now: fixture.now)
        #expect(fixture.queue.hasRunnable)
    }

    /// The continuous clock goes on by itself; a jump of hours, as after a suspended machine, only lets things expire.
    @Test func aJumpOfTheClockOnlyLetsThingsExpire() {
        var fixture = Fixture()
        #expect(fixture.admit("old", deadline: 1_000_000_000) == nil)
        fixture.pass(milliseconds: 36_000_000)
        #expect(fixture.admit("new", of: "b", deadline: 1_000_000_000) == nil)
        #expect(fixture.run() == "new")
        #expect(fixture.dropped.map(\.cause) == [.deadline])
    }
}
