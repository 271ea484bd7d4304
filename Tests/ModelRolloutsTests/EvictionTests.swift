// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import ModelDomain
import ModelExecution
import ModelRollouts
import Synchronization
import Tensors
import TestSupport
import Testing

/// Models that make room for one another.
struct EvictionTests {
    private func liveEndpoints(_ platform: Platform) -> [String] {
        platform.service.table.endpoints.filter { $0.value.live != nil }.keys.sorted()
    }

    /// Runs a row at an endpoint, and has it loaded where it is cold.
    private func ask(_ platform: Platform, _ name: String) async throws {
        let state = try platform.state(name)
        let awakened: AwakenedEndpoint
        if state.isCold {
            awakened = try await platform.awaken(name).get()
        } else {
            let call = InferenceCall(
                inputs: [Tensor(.float32, shape: [1, 2], elements: [1, 2] as [Float])], rowCount: 1,
                live: try state.ready(), endpoint: state, terms: RequestTerms())
            #expect(try platform.service.answerNow(call)?.get()[0].elements(as: Float.self) == [21])
            return
        }
        #expect(try platform.predict(awakened) == 21)
    }

    @Test func memoryIsMeasuredAndNeverLessThanTheFiles() async throws {
        try await withPlatform { platform, _ in
            try await platform.deploy(model: "a", byteCount: 1000)
            let memory = try #require(try platform.state("a").live?.memory)
            #expect(memory == MemoryUse(own: 0, engine: 1000))
            #expect(platform.rollouts.memory.usedBytes == 1000)
            #expect(platform.rollouts.memory.budgetBytes == nil)
        }
    }

    @Test func theLeastRecentlyUsedMakesRoom() async throws {
        try await withPlatform(memoryBudget: 250) { platform, _ in
            for name in ["a", "b"] { try await platform.deploy(model: name, byteCount: 100, settings: [.load: "lazy"]) }
            try await ask(platform, "a")
            try await platform.deploy(model: "c", byteCount: 100, settings: [.load: "lazy"])
            #expect(liveEndpoints(platform) == ["a", "c"], "b was used longest ago")
            #expect(platform.rollouts.memory.usedBytes == 200)
            try await ask(platform, "a")
            try await ask(platform, "b")
            #expect(liveEndpoints(platform) == ["a", "b"])
            #expect(try platform.state("c").isCold && platform.state("c").answers)
        }
    }

    /// What is loaded eagerly never goes, and what does not fit beside it is refused with a reason.
    @Test func eagerOnesStayAndWhatDoesNotFitIsRefused() async throws {
        try await withPlatform(memoryBudget: 250) { platform, _ in
            try await platform.deploy(model: "eager", byteCount: 100)
            try await platform.deploy(model: "lazy", byteCount: 100, settings: [.load: "lazy"])
            let refusal = await #expect(throws: Refusal.self) {
                try await platform.deploy(model: "large", byteCount: 200, settings: [.load: "lazy"])
            }
            #expect(refusal?.explanation.code == .memoryShort)
            #expect(refusal?.explanation.kind == .memoryShort)
            #expect(refusal?.explanation.hint?.contains("--memory-budget") == true)
            #expect(liveEndpoints(platform) == ["eager", "lazy"], "nobody went for nothing")
            #expect(platform.opened.value == ["eager", "lazy"], "it was not even opened")
            try await platform.deploy(model: "fits", byteCount: 150, settings: [.load: "lazy"])
            #expect(liveEndpoints(platform) == ["eager", "fits"])
        }
    }

    /// One that turns out to be larger than its files is let go before it answers.
    @Test func whatTurnsOutTooLargeIsRefused() async throws {
        try await withPlatform(memoryBudget: 250) { platform, _ in
            try await platform.deploy(model: "lazy", byteCount: 100, settings: [.load: "lazy"])
            platform.stuck.change { $0 = ["grows"] }
            let deployment = Task { try await platform.deploy(model: "grows", byteCount: 100) }
            while platform.begun.value < 2 { try await Task.sleep(for: .milliseconds(5)) }
            platform.heap.change { $0 += 200 }
            platform.stuck.change { $0 = [] }
            let refusal = await #expect(throws: Refusal.self) { try await deployment.value }
            #expect(refusal?.explanation.code == .memoryShort)
            #expect(liveEndpoints(platform) == ["lazy"])
            #expect(platform.rollouts.memory.usedBytes == 100)
        }
    }

    /// A version that replaces another at its endpoint needs room for itself alone.
    @Test func aReplacementNeedsNoRoomForBoth() async throws {
        try await withPlatform(memoryBudget: 150, drainLimit: patience) { platform, _ in
            try await platform.deploy(model: "a", byteCount: 100)
            let second = try await platform.register("a2" + String(repeating: ".", count: 118), model: "a")
            let outcome = try await platform.deploy(second.number, of: "a", to: "a")
            #expect(outcome.replaced == 1 && outcome.drained?.isMemoryReturned == true)
        }
    }

    /// Requests that an evicted version has accepted are answered by it; later ones have it loaded anew.
    @Test func whatAnEvictedVersionAcceptedIsAnswered() async throws {
        try await withPlatform(memoryBudget: 250) { platform, _ in
            for name in ["e", "b"] { try await platform.deploy(model: name, byteCount: 100, settings: [.load: "lazy"]) }
            platform.isHeld.change { $0 = true }
            let answered = Mutex<Int>.Shared(0)
            for _ in 0..<3 { try platform.ask(77) { answered.change { $0 += 1 } } }
            let engine = WeakReference(try platform.state("e").live?.engine)
            try await ask(platform, "b")
            try await platform.deploy(model: "c", byteCount: 100, settings: [.load: "lazy"])
            #expect(try platform.state("e").isCold)
            #expect(answered.value == 0 && engine.value != nil)
            platform.isHeld.change { $0 = false }
            for _ in 0..<1000 where engine.value != nil { try await Task.sleep(for: .milliseconds(5)) }
            #expect(answered.value == 3 && engine.value == nil)
            #expect(try platform.state("e").counters.succeeded == 3)
            for _ in 0..<1000 where !platform.events.value.contains("evicted 1") {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await ask(platform, "e")
            #expect(try platform.state("e").counters.succeeded == 4)
        }
    }

    /// More endpoints than fit, all asked at once and over again: each request is answered, and the budget holds.
    @Test func aCrowdThatDoesNotFitIsAnsweredAllTheSame() async throws {
        // Three fit; and two that are loaded at once, each charged with a part of what the other one takes.
        try await withPlatform(memoryBudget: 1_400_000) { platform, _ in
            let names = (0..<8).map { "m\($0)" }
            for name in names { try await platform.deploy(model: name, byteCount: 400_000, settings: [.load: "lazy"]) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<80 {
                    group.addTask { try await ask(platform, names[round * 5 % 8]) }
                }
                try await group.waitForAll()
            }
            #expect(platform.rollouts.memory.usedBytes <= 1_400_000)
            let states = platform.service.table.endpoints.values
            #expect(states.map(\.counters.succeeded).reduce(0, +) == 80)
            #expect(states.allSatisfy { $0.counters.accepted == $0.counters.answered })
            #expect(platform.opened.value.count > 8)
        }
    }
}
