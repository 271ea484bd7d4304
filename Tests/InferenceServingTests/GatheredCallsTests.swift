// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Tensors
import TestSupport
import Testing

@testable import InferenceServing

/// Calls that arrive together and run where they arrive.
struct GatheredCallsTests {
    private static let joinable = RunCost(
        oneRowNanoseconds: 1000, furtherRowNanoseconds: 100, joint: .shown(rows: 64))

    private let service = InferenceService(laneThreads: 1, queueLimit: 10)

    private func answers(_ gathered: GatheredCalls) -> [Result<Float, ServingError>] {
        service.answerNow(gathered).map { $0.map { $0[0].elements(as: Float.self)[0] } }
    }

    @Test func theyAreOneCallAndEachGetsItsOwnAnswer() throws {
        let fixture = try ServingFixture(cost: Self.joinable)
        var gathered = GatheredCalls()
        for value in 1...5 {
            let call = try fixture.call(Float(value))
            #expect(service.gathers(call) && gathered.take(call, for: service))
        }
        #expect(try answers(gathered).map { try $0.get() } == (1...5).map { Float($0) + 20 })
        #expect(fixture.engine.calls == 1)
        #expect(fixture.counters.engineCalls.bySize.mapValues(\.calls) == [5: 1])
        #expect(fixture.counters.accepted == 5 && fixture.counters.succeeded == 5)
        let live = try fixture.state.ready()
        #expect(live.counts.accepted == 5 && live.counts.answered == 5)
        #expect(live.batching.calls == 1 && live.batching.requests == 5)
        let verdict = service.batching(of: live, at: fixture.state.record)
        #expect(verdict.joins && verdict.reason.contains("arrive together") && verdict.reason.contains("10 %"))
    }

    @Test(
        arguments: [
            (RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 100), [:]),
            (RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 900, joint: .shown(rows: 64)), [:]),
            (joinable, [.batching: "off"]), (joinable, [.runOn: "lane"]), (joinable, [.cache: "1MiB"]),
            (RunCost(oneRowNanoseconds: 10_000_000, furtherRowNanoseconds: 1, joint: .shown(rows: 64)), [:]),
        ] as [(RunCost, [EndpointSettings.Key: String])])
    func othersDoNotGather(_ cost: RunCost, _ settings: [EndpointSettings.Key: String]) throws {
        let fixture = try ServingFixture(settings, cost: cost)
        #expect(!service.gathers(try fixture.call()))
    }

    @Test func aCallIsNoLongerThanOnAnEventLoopAllowedNorOfTwoEndpoints() throws {
        let most = RunCost(oneRowNanoseconds: 20_000, furtherRowNanoseconds: 10_000, joint: .shown(rows: 64))
        let fixture = try ServingFixture(cost: most)
        var gathered = GatheredCalls()
        var count = 0
        while gathered.take(try fixture.call(), for: service) { count += 1 }
        #expect(count == 1 + (service.inlineBudgetNanoseconds - 20_000) / 10_000)
        let bounded = try ServingFixture([.batching: "3"], cost: Self.joinable)
        gathered.removeAll()
        for _ in 0..<3 { #expect(gathered.take(try bounded.call(), for: service)) }
        #expect(!gathered.take(try bounded.call(), for: service))
        gathered.removeAll()
        #expect(gathered.take(try bounded.call(), for: service))
        #expect(!gathered.take(try ServingFixture(cost: Self.joinable).call(), for: service))
    }

    /// Whose time is up is refused, and the others are answered; all of them are counted.
    @Test func whoIsTooLateIsRefusedAlone() throws {
        let fixture = try ServingFixture(cost: Self.joinable)
        var gathered = GatheredCalls()
        for deadline in [nil, .zero, nil] as [Duration?] {
            #expect(gathered.take(try fixture.call(deadline: deadline), for: service))
        }
        let answers = answers(gathered)
        #expect(answers.map(\.code) == [nil, .deadlineExceeded, nil])
        #expect(fixture.counters.accepted == 2 && fixture.counters.refused(.deadline) == 1)
    }
}
