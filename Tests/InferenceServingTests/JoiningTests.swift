// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import Tensors
import TestSupport
import Testing

@testable import InferenceServing

/// Calls that are joined on the service's own threads.
struct JoiningTests {
    private static let cheap = RunCost(
        oneRowNanoseconds: 1_000_000, furtherRowNanoseconds: 100_000, joint: .shown(rows: 64))

    /// One lane, which the first call holds until it is let go; what comes meanwhile waits.
    private struct Held {
        let service = InferenceService(laneThreads: 1, queueLimit: 100)
        let gate = Gate()
        let fixture: ServingFixture
        let outcomes = Outcomes()

        init(_ settings: [EndpointSettings.Key: String] = [:], cost: RunCost = JoiningTests.cheap) throws {
            fixture = try ServingFixture(settings, cost: cost) { [gate] first, second in
                if first == 0 { gate.pass() }
                return first + second
            }
            try submit(0)
            gate.waitForArrival()
        }

        func submit(_ value: Float, priority: RequestPriority = .interactive) throws {
            let call = InferenceCall(
                inputs: [Tensor(.float32, shape: [1, 2], elements: [value, 2] as [Float])], rowCount: 1,
                live: try fixture.state.ready(), endpoint: fixture.state,
                terms: RequestTerms(caller: CallerKey(hashing: "a"), priority: priority))
            _ = try service.answerLater(call) { [outcomes] in outcomes.record($0) }
        }

        /// What is counted behind the last answer.
        func waitForCalls(_ count: Int) throws {
            let patience = ContinuousClock.now + .seconds(300)
            while try live.batching.calls < count, .now < patience { Thread.sleep(forTimeInterval: 0.001) }
        }

        var live: LiveVersion { get throws { try fixture.state.ready() } }
    }

    @Test func whatGathersIsOneCall() throws {
        let held = try Held([.batching: "8", .wait: "1h"])
        for value in 1...11 { try held.submit(Float(value)) }
        held.gate.open()
        let answers = try held.outcomes.wait(for: 12).map { try $0.get() }
        // Each got the answer to its own row.
        #expect(answers == (0...11).map { Float($0) + 2 })
        // One alone, eight together, three together.
        #expect(held.fixture.engine.calls == 3)
        let counters = held.fixture.counters
        #expect(counters.engineCalls.bySize.mapValues(\.calls) == [1: 1, 8: 1, 3: 1])
        #expect(counters.rows == 12 && counters.succeeded == 12)
        #expect(counters.assemblyNanoseconds > 0 && counters.splittingNanoseconds > 0)
        try held.waitForCalls(3)
        #expect(try held.live.batching.calls == 3)
        #expect(try held.live.batching.requests == 12)
    }

    /// Without having been shown to be safe, rows are alone, whatever the setting says.
    @Test(arguments: ["auto", "8", "off"])
    func whatWasNotShownIsNotJoined(_ setting: String) throws {
        let held = try Held(
            [.batching: setting, .wait: "1h"],
            cost: RunCost(
                oneRowNanoseconds: 1_000_000, furtherRowNanoseconds: 1000, joint: .never(.answersDiffer("x"))))
        for value in 1...5 { try held.submit(Float(value)) }
        held.gate.open()
        _ = held.outcomes.wait(for: 6)
        #expect(held.fixture.engine.calls == 6)
        let verdict = held.service.batching(of: try held.live, at: held.fixture.state.record)
        #expect(!verdict.joins)
        #expect(verdict.reason.contains(setting == "off" ? "switched off" : "influence one another"))
    }

    @Test func rowsThatCostAsMuchAsCallsAreNotJoined() throws {
        let cost = RunCost(oneRowNanoseconds: 1_000_000, furtherRowNanoseconds: 900_000, joint: .shown(rows: 64))
        let held = try Held([.wait: "1h"], cost: cost)
        for value in 1...5 { try held.submit(Float(value)) }
        held.gate.open()
        _ = held.outcomes.wait(for: 6)
        #expect(held.fixture.engine.calls == 6)
        let record = held.fixture.state.record
        #expect(
            held.service.batching(of: try held.live, at: record).reason == "a further row costs 90 % of the first one")
        // A person may know better.
        let set = try Held([.batching: "4", .wait: "1h"], cost: cost)
        #expect(set.service.batching(of: try set.live, at: set.fixture.state.record).rowCap == 4)
        set.gate.open()
        _ = set.outcomes.wait(for: 1)
    }

    /// The cap is found from what calls take: it doubles while they are far below the objective.
    @Test func theCapGrowsWithTheLoad() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 1000)
        let fixture = try ServingFixture([.wait: "1h", .p99: "1s"], cost: Self.cheap) { first, _ in first }
        let outcomes = Outcomes()
        for _ in 0..<500 { _ = try service.answerLater(fixture.call()) { outcomes.record($0) } }
        _ = outcomes.wait(for: 500)
        let verdict = service.batching(of: try fixture.state.ready(), at: fixture.state.record)
        #expect(verdict.joins && verdict.rowCap > 1 && verdict.most == 64)
        #expect(fixture.engine.calls < 500)
        #expect(fixture.counters.engineCalls.total == fixture.engine.calls)
    }

    @Test func whoeverIsMoreUrgentGoesFirst() throws {
        let held = try Held([.batching: "off", .wait: "1h"])
        try held.submit(3, priority: .shadow)
        try held.submit(2, priority: .batch)
        try held.submit(1)
        held.gate.open()
        #expect(try held.outcomes.wait(for: 4).map { try $0.get() } == [2, 3, 4, 5])
    }

    /// Only with a delay does a lone request wait for company, and not longer than that.
    @Test func aDelayGathersAtAFreeLane() throws {
        let service = InferenceService(laneThreads: 2, queueLimit: 100)
        let fixture = try ServingFixture([.batching: "3", .batchDelay: "10s"], cost: Self.cheap) { first, _ in first }
        let outcomes = Outcomes()
        for value in 1...3 { _ = try service.answerLater(fixture.call(Float(value))) { outcomes.record($0) } }
        // The call is full: nobody waits for the end of the delay.
        #expect(Set(outcomes.wait(for: 3).compactMap { try? $0.get() }) == [1, 2, 3])
        #expect(fixture.engine.calls == 1)
        let short = try ServingFixture([.batching: "3", .batchDelay: "20ms"], cost: Self.cheap) { first, _ in first }
        let begun = Moment.now
        _ = try service.answerLater(short.call(5)) { outcomes.record($0) }
        _ = outcomes.wait(for: 1)
        let waited = Moment.now.since(begun)
        #expect(waited >= 20_000_000 && waited < 5_000_000_000)
    }

    /// A delay is not waited for where the deadline comes first.
    @Test func aDelayEndsBeforeTheDeadline() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 100)
        let fixture = try ServingFixture([.batching: "3", .batchDelay: "10s"], cost: Self.cheap) { first, _ in first }
        let outcomes = Outcomes()
        _ = try service.answerLater(fixture.call(5, deadline: .seconds(3))) { outcomes.record($0) }
        #expect(try outcomes.wait(for: 1)[0].get() == 5)
    }

    @Test func timesOfADeliveryAreCounted() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        let fixture = try ServingFixture()
        let call = InferenceCall(
            inputs: [Tensor(.float32, shape: [1, 2], elements: [1, 2] as [Float])], rowCount: 1,
            live: try fixture.state.ready(), endpoint: fixture.state, terms: RequestTerms(),
            received: Moment.now)
        Thread.sleep(forTimeInterval: 0.002)
        _ = try #require(service.answerNow(call)).get()
        let answered = Moment.now
        Thread.sleep(forTimeInterval: 0.002)
        call.delivered(PredictionID(high: 0, low: 0), since: answered)
        let counters = fixture.counters
        #expect(counters.decodeNanoseconds >= 2_000_000 && counters.encodeNanoseconds >= 2_000_000)
        #expect(counters.deliveryNanoseconds >= counters.decodeNanoseconds + counters.encodeNanoseconds)
        #expect(counters.latencies.cumulative.last?.count == 1)
    }
}
