// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import ModelDomain
import ModelRegistry
import Synchronization
import TestSupport
import Testing

@testable import ModelRollouts

/// Two servers of one platform, each of which sees what the other changed.
struct AgreeingTests {
    private func withTwo(_ body: (Platform, Platform) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let first = try await Platform(in: folder, as: "first")
            for weights in ["one", "two", "three"] { _ = try await first.register(weights) }
            try await body(first, Platform(in: folder, beside: first, as: "second"))
        }
    }

    @Test func whatIsChangedThroughOneHoldsInTheOther() async throws {
        try await withTwo { first, second in
            _ = try await first.deploy(1)
            #expect(second.live() == nil)
            _ = await second.rollouts.agree()
            #expect(second.live() == 1)
            _ = try await second.deploy(2)
            _ = await first.rollouts.agree()
            #expect(first.live() == 2)
            _ = try await first.rollouts.rollBack(EndpointName("e"), by: "ada", reason: nil)
            _ = await second.rollouts.agree()
            #expect(second.live() == 1)
            #expect(try second.state().record.current.generation == 3)
            _ = try await second.rollouts.configure(
                EndpointName("e"), [.queue: "7"], resetting: false, by: "ada", reason: nil)
            let loads = first.opened.value.count
            _ = await first.rollouts.agree()
            #expect(try first.state().record.settings.queue == 7)
            // What answers is not loaded again for that.
            #expect(first.opened.value.count == loads)
            weak let answered = try second.state().live
            try await first.rollouts.remove(EndpointName("e"), by: "ada")
            _ = await second.rollouts.agree()
            #expect(second.service.table.endpoints.isEmpty)
            // What answered there is let go.
            while answered != nil { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    @Test func aChangeIsMadeOnWhatTheOtherHasDecided() async throws {
        try await withTwo { first, second in
            _ = try await first.deploy(1)
            // The second has not looked yet.
            let outcome = try await second.deploy(2)
            #expect(outcome.deployment.generation == 2 && outcome.replaced == 1)
            // Nor has the first.
            _ = try await first.rollouts.rollBack(EndpointName("e"), by: "ada", reason: nil)
            #expect(first.live() == 1)
            let past = try await first.registry.deployments(of: EndpointName("e"))
            #expect(past.map(\.version) == [1, 2, 1] && past.map(\.generation) == [3, 2, 1])
        }
    }

    @Test func whoIsOvertakenWhileAVersionProvesItselfDoesItAgain() async throws {
        try await withTwo { first, second in
            _ = try await first.deploy(1)
            _ = await second.rollouts.agree()
            second.stuck.change { $0 = ["two"] }
            let begun = second.begun.value
            async let slow = second.deploy(2)
            while second.begun.value == begun { try await Task.sleep(for: .milliseconds(1)) }
            #expect(try await first.deploy(3).deployment.generation == 2)
            second.stuck.change { $0 = [] }
            let outcome = try await slow
            #expect(outcome.deployment.generation == 3 && second.live() == 2)
            _ = await first.rollouts.agree()
            #expect(first.live() == 2)
            #expect(try await first.registry.deployments(of: EndpointName("e")).map(\.version) == [2, 3, 1])
        }
    }

    @Test func whoCannotLoadAVersionKeepsWhatItHasAndSaysSo() async throws {
        try await withTwo { first, second in
            _ = try await first.deploy(1)
            _ = await second.rollouts.agree()
            // Its engine does not give the recorded answers.
            second.error.change { $0 = 1 }
            _ = try await first.deploy(2)
            _ = await second.rollouts.agree()
            let state = try second.state()
            #expect(state.live?.version.number == 1 && state.problem != nil)
            #expect(state.record.current.generation == 2)
            let loads = second.begun.value
            _ = await second.rollouts.agree()
            #expect(second.begun.value == loads)
            let entry = try #require(try await first.registry.ledger(limit: 100).last)
            #expect(entry.change.action == "endpoint.differ" && entry.change.after == "model/default/m/1")
            #expect(entry.change.reason?.hasPrefix("on second: ") == true)
            // As the ledger has it, the endpoint answers with what is wanted there.
            let moment = try await first.registry.answering(at: EndpointName("e"), time: Timestamp(microseconds: 9))
            #expect(moment.version == "model/default/m/2")
            // What others have is tried again, and told once.
            let count = try await first.registry.ledger(limit: 100).count
            await second.rollouts.agreeAfterFailures()
            #expect(second.begun.value == loads)
            second.rollouts.retries.withLock { $0 = $0.mapValues { .init(after: .now, pause: $0.pause) } }
            await second.rollouts.agreeAfterFailures()
            #expect(second.begun.value > loads && second.live() == 1)
            #expect(try await first.registry.ledger(limit: 100).count == count)
            second.error.change { $0 = 0 }
            second.rollouts.retries.withLock { $0 = $0.mapValues { .init(after: .now, pause: $0.pause) } }
            await second.rollouts.agreeAfterFailures()
            #expect(second.live() == 2)
            #expect(try second.state().problem == nil)
            _ = try await first.deploy(3)
            _ = await second.rollouts.agree()
            #expect(second.live() == 3)
            #expect(try second.state().problem == nil)
        }
    }

    @Test func endpointsThatLoadLazilyStayCold() async throws {
        try await withTwo { first, second in
            _ = try await first.deploy(1, settings: [.load: "lazy"])
            _ = await second.rollouts.agree()
            #expect(try second.state().isCold)
            _ = try await first.deploy(2)
            _ = await second.rollouts.agree()
            #expect(try second.state().isCold)
            _ = try await second.awaken().get()
            #expect(second.live() == 2)
        }
    }

    @Test func anAliasThatIsFollowedIsFollowedByOne() async throws {
        try await withTwo { first, second in
            let model = ModelReference(name: try ModelName("m"))
            try await first.registry.setAlias(AliasName("champion"), of: model, to: .number(1), by: "ada")
            _ = try await first.deploy(1, settings: [.follow: "champion"])
            _ = await second.rollouts.agree()
            // The server through which it moves dies before it deploys.
            try await first.registry.setAlias(AliasName("champion"), of: model, to: .number(2), by: "ada")
            await second.rollouts.catchUp(packing: nil)
            #expect(second.live() == 2)
            _ = await first.rollouts.agree()
            #expect(first.live() == 2)
            await first.rollouts.catchUp(packing: nil)
            #expect(try first.state().record.current.generation == 2)
        }
    }
}
