// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import Foundation
import InferenceServing
import ModelDomain
import ModelExecution
import ModelPackaging
import ModelRegistry
import ModelRollouts
import ProjectFiles
import StoreSQL
import Synchronization
import Tensors
import TestSupport
import Testing

/// Says whether something is still there, without keeping it there.
struct WeakReference {
    weak var value: (any InferenceEngine)?
    init(_ value: (any InferenceEngine)?) { self.value = value }
}

struct RolloutsTests {

    /// An endpoint that is unloaded answers nobody and keeps its record; loading proves it again, and so does a start.
    @Test func anEndpointIsTakenOutOfServiceAndBack() async throws {
        try await withPlatform { platform, folder in
            _ = try await platform.register("one")
            let before = try await platform.deploy(1).state
            let name = try EndpointName("e")
            try await platform.rollouts.unload(name, by: "ada")
            try await platform.rollouts.unload(name, by: "ada")
            #expect(platform.live() == nil)
            let problem = try #require(platform.service.table.endpoints["e"]?.problem)
            #expect(problem.message.contains("unloaded by ada"))

            platform.error.change { $0 = 1 }
            await #expect(throws: ProofFailed.self) { _ = try await platform.rollouts.load(name, by: "ada") }
            #expect(platform.live() == nil)
            platform.error.change { $0 = 0 }
            let loaded = try await platform.rollouts.load(name, by: "ada")
            #expect(loaded.live?.version.number == 1)
            #expect(loaded.counters === before.counters)
            let actions = try await platform.registry.ledger(limit: 100).map(\.change.action)
            #expect(actions.suffix(2) == ["endpoint.unload", "endpoint.load"])
            await #expect(throws: ServingError.self) {
                _ = try await platform.rollouts.load(EndpointName("f"), by: "ada")
            }

            try await platform.rollouts.unload(name, by: "ada")
            let again = try await Platform(in: folder)
            try await again.rollouts.restore()
            #expect(again.live() == 1)
        }
    }

    /// Settings change while an endpoint answers: its version, its queue and its counts stay, and a start brings them back.
    @Test func settingsChangeWhileTheEndpointAnswers() async throws {
        try await withPlatform { platform, folder in
            _ = try await platform.register("one")
            let before = try await platform.deploy(1).state
            let after = try await platform.rollouts.configure(
                EndpointName("e"), [.deadline: "50ms", .runOn: "lane"], resetting: false, by: "ada", reason: nil)
            #expect(after.live === before.live)
            #expect(after.counters === before.counters && after.admission === before.admission)
            #expect(platform.service.table.endpoints["e"]?.record.settings.line == "deadline=50ms run_on=lane")
            #expect(platform.events.value.last == "configured 1")

            // The same version again, with another setting: that is a change, and no new generation.
            let again = try await platform.rollouts.deploy(
                ModelReference(name: ModelName("m")), version: "1", to: EndpointName("e"), settings: [.queue: "9"],
                by: "ada", reason: nil)
            #expect(!again.unchanged && again.deployment.generation == 1)
            #expect(again.state.record.settings.line == "deadline=50ms queue=9 run_on=lane")

            let restarted = try await Platform(in: folder)
            try await restarted.rollouts.restore()
            #expect(restarted.service.table.endpoints["e"]?.record.settings == again.state.record.settings)

            let refusal = await #expect(throws: Refusal.self) {
                _ = try await platform.rollouts.deploy(
                    ModelReference(name: ModelName("m")), version: "1", to: EndpointName("new"),
                    settings: [.queue: "many"], by: "ada", reason: nil)
            }
            #expect(refusal?.explanation.code == .outOfRange)
            #expect(platform.service.table.endpoints["new"] == nil)
        }
    }

    @Test func aVersionAnswersOnceItIsProven() async throws {
        try await withPlatform { platform, _ in
            _ = try await platform.register("one")
            let outcome = try await platform.deploy(1)
            #expect(platform.live() == 1)
            #expect(outcome.replaced == nil)
            #expect(!outcome.unchanged)
            #expect(outcome.state.live?.proof.isProven == true)
            #expect(try await platform.deploy(1).unchanged)
            #expect(platform.events.value == ["proven 1", "switched 1"])
        }
    }

    /// A version that does not prove itself changes nothing: not the table, not the registry.
    @Test func aVersionThatFailsItsProofChangesNothing() async throws {
        try await withPlatform { platform, _ in
            _ = try await platform.register("one")
            _ = try await platform.register("two")
            _ = try await platform.deploy(1)
            platform.error.change { $0 = 1 }
            await #expect(throws: ProofFailed.self) { try await platform.deploy(2) }
            #expect(platform.live() == 1)
            #expect(try await platform.registry.endpoint(EndpointName("e")).current.version == 1)
            #expect(platform.events.value.suffix(2) == ["refused 2", "memory"])
        }
    }

    /// Loading, replaying and warming step back behind what answers, and only they: the heap's locks are everybody's.
    @Test func loadingStepsBackBehindWhatAnswers() async throws {
        try await withPlatform { platform, _ in
            let before = getpriority(numericCast(PRIO_PROCESS.rawValue), 0)
            _ = try await platform.register("one")
            _ = try await platform.deploy(1)
            try await withCheckedThrowingContinuation { continuation in
                do { try platform.ask(1) { continuation.resume() } } catch { continuation.resume(throwing: error) }
            }
            try await platform.rollouts.remove(EndpointName("e"), by: "ada")
            #expect(
                platform.priorities.value == ["run at \(before + 10)", "run at \(before)", "memory at \(before)"])
        }
    }

    @Test func rollingBackRunsTheProofAgain() async throws {
        try await withPlatform { platform, _ in
            for weights in ["one", "two"] { _ = try await platform.register(weights) }
            _ = try await platform.deploy(1)
            _ = try await platform.deploy(2)
            platform.error.change { $0 = 1 }
            await #expect(throws: ProofFailed.self) {
                try await platform.rollouts.rollBack(EndpointName("e"), by: "ada", reason: nil)
            }
            #expect(platform.live() == 2)
            platform.error.change { $0 = 0 }
            let outcome = try await platform.rollouts.rollBack(EndpointName("e"), by: "ada", reason: "test")
            #expect(outcome.deployment.restores == 1)
            #expect(platform.live() == 1)
            let failure = await #expect(throws: RegistryError.self) {
                try await platform.rollouts.rollBack(EndpointName("e"), by: "ada", reason: nil)
            }
            #expect(failure?.explanation.code == .nothingToRollBack)
        }
    }

    @Test func aStartBringsEverythingBack() async throws {
        try await withPlatform { platform, folder in
            for weights in ["one", "two"] { _ = try await platform.register(weights) }
            _ = try await platform.deploy(1, to: "a")
            _ = try await platform.deploy(2, to: "b")
            let again = try await Platform(in: folder)
            #expect(!again.service.table.isComplete)
            try await again.rollouts.restore()
            #expect(again.live("a") == 1)
            #expect(again.live("b") == 2)
            #expect(again.service.table.isComplete)
        }
    }

    /// One model that fails at a start takes no other down, and the server still gets ready.
    @Test func aStartWithAFailingEngineSaysSo() async throws {
        try await withPlatform { platform, folder in
            _ = try await platform.register("one")
            _ = try await platform.deploy(1)
            let again = try await Platform(in: folder)
            again.error.change { $0 = 1 }
            try await again.rollouts.restore()
            let state = try #require(again.service.table.endpoints["e"])
            #expect(state.live == nil)
            #expect(state.problem?.code == .answersDiffer)
            #expect(state.problem?.details.isEmpty == false)
            #expect(again.service.table.isComplete)
            #expect(throws: ServingError.self) { try state.ready() }
        }
    }

    @Test func contentsThatAreMissingAreNamed() async throws {
        try await withPlatform { platform, _ in
            let unknown = Digest(of: Array("nothing".utf8))
            let failure = await #expect(throws: (any Error).self) {
                try await platform.rollouts.register(
                    model: ModelReference(name: ModelName("m")), manifest: unknown, provenance: unknown, by: "ada")
            }
            #expect((failure as? any ExplainedError)?.explanation.code == .contentMissing)
        }
    }

    @Test func removingAnEndpointKeepsItsModel() async throws {
        try await withPlatform { platform, _ in
            _ = try await platform.register("one")
            _ = try await platform.deploy(1)
            try await platform.rollouts.remove(EndpointName("e"), by: "ada")
            #expect(platform.service.table.endpoints.isEmpty)
            #expect(try await platform.registry.models().count == 1)
            #expect(try await platform.registry.verifyLedger().head.size > 0)
            _ = try await platform.deploy(1)
            #expect(platform.live() == 1)
        }
    }

    /// What was replaced ends with its last answer: counted, let go, and its memory with the system.
    @Test func aReplacedVersionIsDrained() async throws {
        try await withPlatform(drainLimit: patience) { platform, _ in
            for weights in ["one", "two"] { _ = try await platform.register(weights) }
            #expect(try await platform.deploy(1).drained == nil)
            for _ in 0..<3 { try platform.ask(1) }
            let drained = try #require(try await platform.deploy(2).drained)
            #expect(drained.version == 1)
            #expect(drained.accepted == 3)
            #expect(drained.answered == 3)
            #expect(drained.isMemoryReturned)
            #expect(drained.summary.hasPrefix("accepted 3, answered 3, drained in "))
            #expect(platform.events.value.suffix(2) == ["memory", "drained 1"])
            let empty = try await platform.rollouts.rollBack(EndpointName("e"), by: "ada", reason: nil)
            #expect(empty.drained?.accepted == 0)
            #expect(try await platform.deploy(1).drained == nil, "nothing was replaced")
        }
    }

    /// A call that does not end in time is said, and holds up no further change.
    @Test func aVersionThatStillRunsIsNotCalledDrained() async throws {
        try await withPlatform { platform, _ in
            for weights in ["one", "two"] { _ = try await platform.register(weights) }
            _ = try await platform.deploy(1)
            platform.isHeld.change { $0 = true }
            try await confirmation { answered in
                let (ends, end) = AsyncStream.makeStream(of: Void.self)
                try platform.ask(77) {
                    answered()
                    end.finish()
                }
                let drained = try #require(try await platform.deploy(2).drained)
                #expect(platform.live() == 2)
                #expect(drained.accepted == 1)
                #expect(drained.answered == 0)
                #expect(!drained.isMemoryReturned)
                #expect(drained.summary.contains("not drained"))
                platform.events.change { $0 = [] }
                platform.isHeld.change { $0 = false }
                for await _ in ends {}
                // Its memory goes back once it has ended after all.
                while platform.events.value.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
                #expect(platform.events.value == ["memory"])
            }
        }
    }

    /// Whatever takes a version out of service, it is drained and its memory given back.
    @Test func everyWayOfNotAnsweringGivesMemoryBack() async throws {
        try await withPlatform(drainLimit: patience) { platform, _ in
            for weights in ["one", "two"] { _ = try await platform.register(weights) }
            let name = try EndpointName("e")
            let ways: [@Sendable (Rollouts) async throws -> Void] = [
                { _ in _ = try await platform.deploy(2) },
                { _ = try await $0.rollBack(name, by: "ada", reason: nil) },
                { _ = try await $0.load(name, by: "ada") },
                { try await $0.unload(name, by: "ada") },
                { try await $0.remove(name, by: "ada") },
            ]
            for (number, way) in ways.enumerated() {
                _ = try await platform.deploy(1)
                if platform.live() == nil { _ = try await platform.rollouts.load(name, by: "ada") }
                try platform.ask(1)
                let engine = WeakReference(platform.service.table.endpoints["e"]?.live?.engine)
                #expect(engine.value != nil)
                platform.events.change { $0 = [] }
                try await way(platform.rollouts)
                #expect(engine.value == nil, "way \(number)")
                #expect(platform.events.value.suffix(2) == ["memory", "drained 1"], "way \(number)")
            }
            #expect(platform.service.table.endpoints.isEmpty)
        }
    }

    /// What is unloaded ends with its last answer, as what is replaced does.
    @Test func unloadingWaitsForTheLastAnswer() async throws {
        try await withPlatform(drainLimit: patience) { platform, _ in
            _ = try await platform.register("one")
            _ = try await platform.deploy(1)
            for _ in 0..<3 { try platform.ask(1) }
            let name = try EndpointName("e")
            let drained = try #require(try await platform.rollouts.unload(name, by: "ada"))
            #expect((drained.accepted, drained.answered) == (3, 3))
            #expect(drained.isMemoryReturned)
            #expect(try await platform.rollouts.unload(name, by: "ada") == nil, "nothing answered")
        }
    }

    /// A version that proves itself and may still not answer is let go like one that does not.
    @Test func aVersionThatCannotFollowGivesItsMemoryBack() async throws {
        try await withPlatform { platform, _ in
            _ = try await platform.register("one")
            _ = try await platform.register("two", columns: "a,c,score")
            _ = try await platform.deploy(1)
            let refusal = await #expect(throws: Refusal.self) { try await platform.deploy(2) }
            #expect(refusal?.explanation.code == .signatureChanged)
            #expect(platform.events.value.suffix(3) == ["proven 2", "refused 2", "memory"])
        }
    }

    /// Deployments that arrive together pass one at a time; the last one answers.
    @Test func manyDeploymentsAtOncePassInTurn() async throws {
        try await withPlatform { platform, _ in
            for weights in ["one", "two", "three"] { _ = try await platform.register(weights) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<12 { group.addTask { _ = try await platform.deploy(round % 3 + 1) } }
                try await group.waitForAll()
            }
            let current = try await platform.registry.endpoint(EndpointName("e")).current
            #expect(platform.live() == current.version)
            #expect(try await platform.registry.verifyLedger().head.size > 0)
        }
    }
}
