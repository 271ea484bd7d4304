// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import ModelDomain
import ModelExecution
import ModelRollouts
import Synchronization
import TestSupport
import Testing

/// Endpoints that are loaded when they are asked for.
struct WakingTests {
    /// A platform that was started on `names`, each a lazy endpoint with a model of its own.
    private func withLazy(
        _ names: [String] = ["e"], settings: [EndpointSettings.Key: String] = [:],
        _ body: (Platform) async throws -> Void
    ) async throws {
        try await withPlatform { platform, folder in
            for name in names {
                try await platform.deploy(
                    model: name, byteCount: 100, settings: settings.merging([.load: "lazy"]) { $1 })
            }
            let again = try await Platform(in: folder)
            try await again.rollouts.restore()
            try await body(again)
        }
    }

    private func eventually(_ what: Comment, _ holds: () throws -> Bool) async throws {
        for _ in 0..<20_000 where try !holds() { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try holds(), what)
    }

    @Test func aStartLoadsNothingThatIsLazy() async throws {
        try await withLazy(["e", "f"]) { platform in
            #expect(platform.service.table.isComplete)
            #expect(platform.opened.value.isEmpty)
            let state = try platform.state()
            #expect(state.isCold && state.answers && state.live == nil)
            #expect(state.versionText == "1")
            try state.requireAnswer(version: "1")
            #expect(throws: ServingError.self) { try state.requireAnswer(version: "2") }
            #expect(throws: ServingError.self) { try state.ready(version: "2") }

            let awakened = try await platform.awaken().get()
            #expect(try platform.predict(awakened) == 21)
            #expect(platform.live("e") == 1)
            #expect(platform.live("f") == nil, "only what was asked for")
            #expect(platform.opened.value == ["e"])
            #expect(try platform.state().counters === state.counters)
            #expect(platform.events.value == ["proven 1"])
        }
    }

    @Test func manyWaitForOneLoad() async throws {
        try await withLazy { platform in
            platform.stuck.change { $0 = ["e"] }
            try await withThrowingTaskGroup(of: Float.self) { group in
                for _ in 0..<10 { group.addTask { try platform.predict(try await platform.awaken().get()) } }
                try await eventually("all wait") { try platform.state().awakening.waiting == 10 }
                platform.stuck.change { $0 = [] }
                for try await answer in group { #expect(answer == 21) }
            }
            #expect(platform.opened.value == ["e"])
            #expect(try platform.state().awakening.waiting == 0)
        }
    }

    /// Somebody who read the table before the endpoint came in is answered at once.
    @Test func whoComesTooLateToWaitGoesOn() async throws {
        try await withLazy { platform in
            let cold = try platform.state()
            _ = try await platform.awaken()
            let result = await withCheckedContinuation { continuation in
                do throws(ServingError) {
                    _ = try platform.service.awaken(cold, terms: RequestTerms()) { continuation.resume(returning: $0) }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            #expect(try platform.predict(result.get()) == 21)
            #expect(platform.opened.value == ["e"])
        }
    }

    /// A large model that is on its way holds up nobody who asks for another one.
    @Test func oneLoadDoesNotHoldUpAnother() async throws {
        try await withLazy(["slow", "quick"]) { platform in
            platform.stuck.change { $0 = ["slow"] }
            async let slow = platform.awaken("slow")
            try await eventually("it loads") { try platform.state("slow").awakening.waiting == 1 }
            #expect(try platform.predict(try await platform.awaken("quick").get()) == 21)
            platform.stuck.change { $0 = [] }
            #expect(try platform.predict(try await slow.get()) == 21)
        }
    }

    /// Nor does a deployment that is being loaded.
    @Test func aDeploymentDoesNotHoldUpAColdRequest() async throws {
        try await withLazy { platform in
            _ = try await platform.register("slow", model: "slow")
            platform.stuck.change { $0 = ["slow"] }
            async let outcome = platform.deploy(1, of: "slow", to: "slow")
            #expect(try platform.predict(try await platform.awaken().get()) == 21)
            platform.stuck.change { $0 = [] }
            #expect(try await outcome.state.live?.version.number == 1)
        }
    }

    @Test func aFailureIsToldAndNotRepeatedAtEveryRequest() async throws {
        try await withLazy { platform in
            platform.error.change { $0 = 1 }
            let result = try await platform.awaken()
            guard case .failure(let error) = result else {
                Issue.record("it was loaded")
                return
            }
            #expect(error.explanation.code == .endpointNotReady)
            #expect(error.explanation.message.contains("get other answers than were recorded"))
            #expect(error.explanation.retryAfterSeconds ?? 0 >= 1)
            #expect(try !platform.state().answers)
            #expect(throws: ServingError.self) { try platform.state().requireAnswer(version: nil) }
            #expect(platform.opened.value.count == 1)
            // While loading pauses nothing is tried, and the reason is the same. Each failure makes the pause longer: on a busy
            // machine the first one may be over before this has asked five times.
            var refused = 0
            for _ in 0..<100 where refused < 5 {
                let opened = platform.opened.value.count
                do {
                    _ = try await platform.awaken()
                    refused = 0
                } catch let again as ServingError {
                    #expect(platform.opened.value.count == opened)
                    #expect(again.explanation.message == error.explanation.message)
                    refused += 1
                }
            }
            #expect(refused == 5)
            // Later it is, and heals.
            platform.error.change { $0 = 0 }
            var healed: AwakenedEndpoint?
            for _ in 0..<1200 where healed == nil {
                try await Task.sleep(for: .milliseconds(100))
                healed = try? await platform.awaken().get()
            }
            #expect(try platform.predict(#require(healed)) == 21)
            #expect(try platform.state().problem == nil)
        }
    }

    @Test func aDeadlineIsHonouredWhileTheModelLoads() async throws {
        try await withLazy(settings: [.deadline: "1h"]) { platform in
            platform.stuck.change { $0 = ["e"] }
            let result = try await platform.awaken(deadline: .milliseconds(500))
            guard case .failure(.deadlineExceeded) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(try platform.state().counters.refused(.deadline) == 1)
            // The endpoint's own one counts from the arrival, for waiting and running together.
            platform.stuck.change { $0 = [] }
            let awakened = try await platform.awaken().get()
            let left = try #require(awakened.terms.deadline).since(.now)
            #expect(left < 3_600_000_000_000)
            await #expect(throws: ServingError.self) { _ = try await platform.awaken(deadline: .zero) }
        }
    }

    /// Those who left make room for others, and what nobody waits for any more is not loaded.
    @Test func callersWhoLeftAreDropped() async throws {
        try await withLazy(["e", "a", "b"], settings: [.queue: "2"]) { platform in
            // Both threads are taken, so that the load of this one has not begun.
            platform.stuck.change { $0 = ["a", "b"] }
            async let a = platform.awaken("a")
            async let b = platform.awaken("b")
            try await eventually("they load") {
                try platform.state("a").awakening.waiting + platform.state("b").awakening.waiting == 2
            }
            let gone = Mutex<[PendingAnswer]>.Shared([])
            async let first = platform.awaken { pending in gone.change { $0.append(pending) } }
            async let second = platform.awaken { pending in gone.change { $0.append(pending) } }
            try await eventually("both wait") { gone.value.count == 2 }
            let refusal = await #expect(throws: ServingError.self) { _ = try await platform.awaken() }
            #expect(refusal?.explanation.code == .overloaded)
            for pending in gone.value { pending.abandon() }
            let pending = Mutex<[PendingAnswer]>.Shared([])
            async let third = platform.awaken { one in pending.change { $0.append(one) } }
            for result in [try await first, try await second] {
                guard case .failure(.abandoned) = result else {
                    Issue.record("\(result)")
                    return
                }
            }
            try await eventually("there is room") { pending.value.count == 1 }
            pending.value[0].abandon()
            platform.stuck.change { $0 = [] }
            _ = try await (a, b)
            guard case .failure(.abandoned) = try await third else {
                Issue.record("it was loaded for nobody")
                return
            }
            #expect(Set(platform.opened.value) == ["a", "b"])
            let counters = try platform.state().counters
            #expect(counters.refused(.abandoned) == 3 && counters.refused(.queueFull) == 1)
            // The next one is not forgotten over it.
            #expect(try platform.predict(try await platform.awaken().get()) == 21)
        }
    }

    // MARK: What happens to an endpoint while somebody waits

    private func whileWaiting(
        _ change: @escaping @Sendable (Platform) async throws -> Void
    ) async throws -> Result<AwakenedEndpoint, ServingError> {
        let found = Mutex<Result<AwakenedEndpoint, ServingError>?>.Shared(nil)
        try await withLazy { platform in
            _ = try await platform.register("two", model: "e")
            platform.stuck.change { $0 = ["e"] }
            async let waiting = platform.awaken()
            try await eventually("it waits") { try platform.state().awakening.waiting == 1 }
            try await change(platform)
            let result = try await waiting
            found.change { $0 = result }
            platform.stuck.change { $0 = [] }
            if platform.service.table.endpoints["e"]?.live != nil, case .success(let awakened) = result {
                #expect(try platform.predict(awakened) == 21)
            }
            // What was on its way does not come back afterwards.
            try await eventually("nothing is left of it") {
                !(platform.service.table.endpoints["e"]?.awakening.isLoading ?? false)
            }
        }
        return try #require(found.value)
    }

    @Test func unloadingTellsThoseWhoWait() async throws {
        let result = try await whileWaiting { platform in
            try await platform.rollouts.unload(EndpointName("e"), by: "ada")
            #expect(try !platform.state().isCold, "it stays away until it is loaded")
        }
        guard case .failure(let error) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(error.explanation.message.contains("unloaded by ada"))
    }

    @Test func removingTellsThoseWhoWait() async throws {
        let result = try await whileWaiting { try await $0.rollouts.remove(EndpointName("e"), by: "ada") }
        guard case .failure(.endpointUnknown) = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test func whoWaitsGoesOnWithWhatIsDeployedMeanwhile() async throws {
        let result = try await whileWaiting { platform in
            let outcome = try await platform.deploy(2, of: "e", to: "e")
            #expect(outcome.replaced == nil)
        }
        #expect(try result.get().state.live?.version.number == 2)
    }

    /// A setting that does not matter to loading does not start it anew.
    @Test func settingsMayChangeMeanwhile() async throws {
        let result = try await whileWaiting { platform in
            _ = try await platform.rollouts.configure(
                EndpointName("e"), [.deadline: "9s"], resetting: false, by: "ada", reason: nil)
            #expect(platform.opened.value.isEmpty)
            platform.stuck.change { $0 = [] }
        }
        #expect(try result.get().state.record.settings.line == "deadline=9s load=lazy")
    }

    @Test func callersOfAColdEndpointKeepTheirSignature() async throws {
        try await withLazy { platform in
            _ = try await platform.register("two", model: "e", columns: "a,c,score")
            let refusal = await #expect(throws: Refusal.self) { try await platform.deploy(2, of: "e", to: "e") }
            #expect(refusal?.explanation.code == .signatureChanged)
        }
    }

    @Test func loadingAndSettingItEagerBringItIn() async throws {
        try await withLazy(["e", "f"]) { platform in
            let loaded = try await platform.rollouts.load(EndpointName("e"), by: "ada")
            #expect(loaded.live?.version.number == 1)
            platform.error.change { $0 = 1 }
            await #expect(throws: ProofFailed.self) {
                _ = try await platform.rollouts.configure(
                    EndpointName("f"), [.load: "eager"], resetting: false, by: "ada", reason: nil)
            }
            #expect(try platform.state("f").record.settings.load == .lazy)
            platform.error.change { $0 = 0 }
            let eager = try await platform.rollouts.configure(
                EndpointName("f"), [.load: "eager"], resetting: false, by: "ada", reason: nil)
            #expect(eager.live?.version.number == 1 && eager.problem == nil)
        }
    }

    /// An engine that only the processor runs says so, and nothing is changed.
    @Test func aDeviceThatIsNotThereIsRefused() async throws {
        try await withPlatform { platform, _ in
            _ = try await platform.register("one")
            let before = try await platform.deploy(1).state
            let refused = await #expect(throws: EngineError.self) {
                _ = try await platform.rollouts.configure(
                    EndpointName("e"), [.device: "cuda"], resetting: false, by: "ada", reason: nil)
            }
            #expect(refused?.explanation.code == .deviceUnavailable)
            #expect(try platform.state().live === before.live)
            #expect(try platform.state().record.settings.device == .cpu)
            await #expect(throws: EngineError.self) {
                _ = try await platform.deploy(1, to: "other", settings: [.device: "cuda:1"])
            }
            #expect(platform.service.table.endpoints["other"] == nil)
        }
    }
}
