// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import Synchronization
import TestSupport
import Testing

/// A service with one lane, and a model that holds it: the first call is in the engine until the gate lets it go.
private struct HeldLane {
    let service: InferenceService
    let gate = Gate()
    let fixture: ServingFixture
    let outcomes = Outcomes()

    /// - Parameters:
    ///   - first: The value of the call that holds the lane.
    init(
        _ settings: [EndpointSettings.Key: String] = [:], queueLimit: Int = 4, first: Float = 1,
        from caller: String = "a"
    ) throws {
        service = InferenceService(laneThreads: 1, queueLimit: queueLimit)
        fixture = try ServingFixture(settings, cost: heavy, score: gate.hold)
        try submit(first, from: caller)
        gate.waitForArrival()
    }

    @discardableResult
    func submit(_ value: Float, from caller: String = "a", deadline: Duration? = nil) throws -> PendingAnswer {
        try service.answerLater(fixture.call(value, from: caller, deadline: deadline)) { [outcomes] in
            outcomes.record($0)
        }
    }
}

/// Admission with the service's own threads.
struct AdmissionTests {
    @Test func aRequestThatComesTooLateIsNotComputed() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        for cost in [light, heavy] {
            let fixture = try ServingFixture(cost: cost)
            let call = try fixture.call(deadline: .milliseconds(-1))
            if let answer = service.answerNow(call) {
                #expect(answer.map { _ in 0 }.code == .deadlineExceeded)
            } else {
                let error = #expect(throws: ServingError.self) { _ = try service.answerLater(call) { _ in } }
                #expect(error?.code == .deadlineExceeded)
            }
            #expect(fixture.engine.calls == 0)
            #expect(fixture.counters.refused(.deadline) == 1)
            #expect(fixture.counters.accepted == 0)
        }
    }

    /// The caller's deadline or the endpoint's, whichever is earlier.
    @Test(arguments: [([EndpointSettings.Key.deadline: "100ms"], Duration?.none), ([:], Duration.milliseconds(100))])
    func anAnswerThatComesTooLateIsNone(settings: [EndpointSettings.Key: String], deadline: Duration?) throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        let fixture = try ServingFixture(settings, score: taking(0.15))
        let answer = try #require(service.answerNow(fixture.call(deadline: deadline)))
        #expect(answer.map { _ in 0 }.code == .deadlineExceeded)
        #expect(fixture.counters.failed == 1)
        #expect(fixture.counters.refused(.deadline) == 1)
        #expect(fixture.counters.succeeded == 0)
        #expect(fixture.counters.failureNanoseconds >= 150_000_000)
    }

    @Test func whatExpiresInTheQueueIsNotComputed() throws {
        let lane = try HeldLane()
        try lane.submit(2, deadline: .milliseconds(300))
        Thread.sleep(forTimeInterval: 0.35)
        lane.gate.open()
        let results = lane.outcomes.wait(for: 2)
        #expect(try results[0].get() == 1)
        #expect(results[1].code == .deadlineExceeded)
        #expect(lane.fixture.engine.calls == 1)
        let counters = lane.fixture.counters
        #expect(counters.accepted == 2 && counters.answered == 2 && counters.failed == 1)
    }

    @Test func whatItsCallerGaveUpIsNotComputed() throws {
        let lane = try HeldLane()
        let given = try (2...4).map { try lane.submit(Float($0)) }
        given[0].abandon()
        given[2].abandon()
        lane.gate.open(2)
        let results = lane.outcomes.wait(for: 4)
        #expect(Set(results.compactMap { try? $0.get() }) == [1, 3])
        #expect(results.compactMap(\.code) == [.callerGone, .callerGone])
        #expect(lane.fixture.engine.calls == 2)
        #expect(lane.fixture.counters.refused(.abandoned) == 2)
        #expect(lane.fixture.counters.inFlight == 0)
    }

    @Test(arguments: [light, heavy])
    func aCallerIsHeldToTheirRate(cost: RunCost) throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        let fixture = try ServingFixture([.ratePerClient: "2/h"], cost: cost)
        let outcomes = Outcomes()
        func ask(_ caller: String) throws -> ServingError? {
            let call = try fixture.call(from: caller)
            do throws(ServingError) {
                if let answer = service.answerNow(call) {
                    _ = try answer.get()
                } else {
                    _ = try service.answerLater(call) { outcomes.record($0) }
                    _ = outcomes.wait(for: 1)
                }
                return nil
            } catch {
                return error
            }
        }
        #expect(try ask("a")?.code == nil)
        #expect(try ask("a")?.code == nil)
        let explanation = try #require(try ask("a")).explanation
        #expect(explanation.code == .callerLimited)
        #expect(explanation.kind == .callerLimited)
        #expect(try #require(explanation.retryAfterSeconds) >= 600)
        #expect(try ask("b")?.code == nil)
        #expect(fixture.engine.calls == 3)
        #expect(fixture.counters.refused(.rate) == 1)
        #expect(fixture.counters.accepted == 3)
    }

    /// Every thread is in a model that does not end: another endpoint is answered nevertheless.
    @Test func aSlowModelDoesNotStarveOthers() throws {
        let service = InferenceService(laneThreads: 2, queueLimit: 10)
        let gate = Gate()
        let slow = try ServingFixture([.wait: "1h"], cost: heavy, name: "slow", score: gate.hold)
        let quick = try ServingFixture([.wait: "1h"], cost: heavy, name: "quick")
        let outcomes = Outcomes()
        for _ in 0..<6 { _ = try service.answerLater(slow.call()) { _ in } }
        for _ in 0..<2 { gate.waitForArrival() }
        for value in 1...5 { _ = try service.answerLater(quick.call(Float(value))) { outcomes.record($0) } }
        #expect(outcomes.wait(for: 5).compactMap { try? $0.get() } == [21, 22, 23, 24, 25])
        #expect(slow.engine.calls == 0 || slow.counters.answered == 0)
        gate.open(6)
    }

    /// One caller fills the queue; another one is served next to the first of them.
    @Test func anEagerCallerDoesNotStarveOthers() throws {
        let lane = try HeldLane([.wait: "1h"], queueLimit: 100, first: 0, from: "eager")
        var taken = 1
        let refusal = #expect(throws: ServingError.self) {
            while true {
                try lane.submit(1, from: "eager")
                taken += 1
            }
        }
        #expect(refusal?.code == .callerLimited)
        for _ in 0..<3 { try lane.submit(7, from: "other") }
        lane.gate.open(taken + 3)
        let order = try lane.outcomes.wait(for: taken + 3).prefix(7).map { try $0.get() }
        #expect(order == [0, 1, 7, 1, 7, 1, 7])
        #expect(lane.fixture.counters.refused(.share) == 1)
        #expect(lane.fixture.counters.accepted == lane.fixture.counters.answered)
    }

    @Test func noMoreRunAtOnceThanTheEndpointAllows() throws {
        let service = InferenceService(laneThreads: 4, queueLimit: 100)
        let running = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let fixture = try ServingFixture([.concurrency: "2", .wait: "1h"], cost: heavy) { first, _ in
            let now = running.add(1, ordering: .relaxed).newValue
            most.max(now, ordering: .relaxed)
            Thread.sleep(forTimeInterval: 0.002)
            running.subtract(1, ordering: .relaxed)
            return first
        }
        let outcomes = Outcomes()
        for _ in 0..<20 { _ = try service.answerLater(fixture.call()) { outcomes.record($0) } }
        _ = outcomes.wait(for: 20)
        #expect(most.load(ordering: .relaxed) == 2)
    }

    @Test func aPlaceThatWasChosenIsKept() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        let inLane = try ServingFixture([.runOn: "lane"], cost: light)
        if service.answerNow(try inLane.call()) != nil { Issue.record("it ran where it arrived") }
        let inline = try ServingFixture([.runOn: "inline"], cost: heavy)
        if service.answerNow(try inline.call()) == nil { Issue.record("it went to a lane") }
    }

    @Test func timesAndRowsAreCounted() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 10)
        let fixture = try ServingFixture(cost: heavy, score: taking(0.002))
        #expect(fixture.counters.nanosecondsSinceLastInference == nil)
        let outcomes = Outcomes()
        for _ in 0..<3 { _ = try service.answerLater(fixture.call()) { outcomes.record($0) } }
        _ = outcomes.wait(for: 3)
        let counters = fixture.counters
        #expect(counters.succeeded == 3 && counters.rows == 3 && counters.failed == 0)
        #expect(counters.runNanoseconds >= 6_000_000)
        #expect(counters.queueNanoseconds >= 2_000_000 + 4_000_000 - 1_000_000)
        #expect(counters.successNanoseconds == counters.runNanoseconds + counters.queueNanoseconds)
        #expect(counters.failureNanoseconds == 0)
        #expect(counters.nanosecondsSinceLastInference != nil)
    }

    /// Everything that was accepted is answered once, from many threads, with callers that leave and deadlines that pass.
    @Test func nothingIsLostUnderPressure() throws {
        let service = InferenceService(laneThreads: 2, queueLimit: 20)
        let fixture = try ServingFixture(cost: heavy, score: taking(0.0002))
        let completions = Atomic<Int>(0)
        let refusals = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            var generator = SeededGenerator(seed: UInt64(worker))
            for _ in 0..<500 {
                let deadline = Int.random(in: 1...10, using: &generator)
                guard
                    let call = try? fixture.call(
                        from: "\(worker)", deadline: deadline > 5 ? nil : .milliseconds(deadline))
                else { continue }
                let pending = try? service.answerLater(call) { _ in completions.add(1, ordering: .relaxed) }
                if let pending {
                    if Int.random(in: 0..<4, using: &generator) == 0 { pending.abandon() }
                } else {
                    refusals.add(1, ordering: .relaxed)
                }
                if Int.random(in: 0..<8, using: &generator) == 0 { Thread.sleep(forTimeInterval: 0.001) }
            }
        }
        let patience = ContinuousClock.now + .seconds(300)
        while fixture.counters.inFlight > 0, .now < patience { Thread.sleep(forTimeInterval: 0.001) }
        let counters = fixture.counters
        #expect(counters.accepted + refusals.load(ordering: .relaxed) == 2000)
        #expect(counters.answered == counters.accepted)
        #expect(completions.load(ordering: .relaxed) == counters.accepted)
        #expect(fixture.state.admission.waiting == 0 && fixture.state.admission.running == 0)
    }
}
