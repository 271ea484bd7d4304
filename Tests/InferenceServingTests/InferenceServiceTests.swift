// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import ModelExecution
import Synchronization
import Tensors
import TestSupport
import Testing

struct InferenceServiceTests {
    private func live(_ cost: RunCost, _ engine: FakeEngine = FakeEngine()) throws -> LiveVersion {
        try LiveVersion(
            version: ModelVersion(
                model: ModelReference(name: try ModelName("m")), number: 1, bundle: nil, provenance: nil,
                status: .ready,
                origin: nil, createdAt: Timestamp(microseconds: 0), createdBy: "test"),
            signature: Signature(inputs: engine.inputs, outputs: engine.outputs), engine: engine,
            proof: ProofVerdict(
                origin: .original, tolerance: .standard, replayed: 0, recorded: 0, largestDifference: 0,
                differingRows: 0, differences: []),
            cost: cost, limits: .standard)
    }

    private func state(_ live: LiveVersion) throws -> EndpointState {
        let record = EndpointRecord(
            project: .standard, name: try EndpointName("e"), createdAt: Timestamp(microseconds: 0),
            current: Deployment(
                generation: 1, model: live.version.model, version: 1, restores: nil, base: nil,
                createdAt: Timestamp(microseconds: 0), createdBy: "test"),
            settings: try EndpointSettings([.deadline: "none"]))
        return EndpointState(record: record, live: live, problem: nil)
    }

    private func call(_ live: LiveVersion, rowCount: Int = 1) throws -> InferenceCall {
        InferenceCall(
            inputs: row, rowCount: rowCount, live: live, endpoint: try state(live), terms: RequestTerms())
    }

    private let row = [Tensor(.float32, shape: [1, 2], elements: [1, 2] as [Float])]
    private let light = RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 100)

    @Test func aLightCallIsAnsweredWhereItArrived() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 1)
        let call = try call(live(light))
        let counters = call.endpoint.counters
        let answer = try #require(service.answerNow(call))
        #expect(try answer.get()[0].elements(as: Float.self) == [21])
        #expect(counters.accepted == 1)
        #expect(counters.answered == 1)
    }

    /// Many rows make a light model's call a heavy one.
    @Test func aHeavyCallIsAnsweredOnTheLane() async throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4, inlineBudgetNanoseconds: 5000)
        let call = try call(live(light), rowCount: 1000)
        let counters = call.endpoint.counters
        let answer = service.answerNow(call)
        if answer != nil { Issue.record("it ran at once") }
        #expect(counters.accepted == 0, "what was not taken does not count")
        let outputs = try await withCheckedThrowingContinuation { continuation in
            do {
                _ = try service.answerLater(call) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        #expect(try outputs.get()[0].elements(as: Float.self) == [21])
        #expect(counters.accepted == 1)
        #expect(counters.answered == 1)
    }

    /// Where callers decide more than the number of rows, one row of theirs may be a thousand of ours.
    @Test func oneRowThatIsLargerThanTheMeasuredOneIsAHeavyCall() {
        let cost = RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 100, oneRowBytes: 8)
        #expect(cost.nanoseconds(rowCount: 1, byteCount: 8) == 1000)
        #expect(cost.nanoseconds(rowCount: 3, byteCount: 24) == 1200)
        #expect(cost.nanoseconds(rowCount: 1, byteCount: 8000) == 1_000_000)
        let unknown = RunCost(oneRowNanoseconds: .max, furtherRowNanoseconds: 1)
        #expect(unknown.nanoseconds(rowCount: .max, byteCount: .max) == .max)
    }

    /// What does not fit the queue is refused at once, and counted as answered: nothing is left hanging.
    @Test func aFullQueueRefusesAtOnce() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 2, inlineBudgetNanoseconds: 0)
        let gate = DispatchSemaphore(value: 0)
        let slow = try live(
            light,
            FakeEngine { first, _ in
                gate.wait(); return first
            })
        let call = try call(slow)
        let counters = call.endpoint.counters
        let done = DispatchSemaphore(value: 0)
        var refused = 0
        for _ in 0..<10 {
            do throws(ServingError) {
                _ = try service.answerLater(call) { _ in done.signal() }
            } catch {
                refused += 1
            }
        }
        // One may run beside the two that wait, depending on how fast the thread took it.
        #expect((7...8).contains(refused))
        for _ in 0..<10 { gate.signal() }
        for _ in 0..<(10 - refused) { done.wait() }
        #expect(counters.accepted == counters.answered)
    }

    @Test func everySubscriberSwitchesBeforePublishReturns() async throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 1)
        let seen = Mutex<[Bool]>([])
        service.subscribe { done in
            seen.withLock { $0.append(service.table.isComplete) }
            done()
        }
        await service.publish(ServingTable(endpoints: [:], isComplete: true))
        #expect(seen.withLock(\.self) == [false, true])
    }

    /// The engine's memory is given back when the last holder lets go.
    @Test func aVersionEndsWithItsLastHolder() async throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 1)
        weak var engine: FakeEngine?
        do {
            let mine = FakeEngine()
            engine = mine
            let state = try state(live(light, mine))
            await service.publish(ServingTable(endpoints: ["e": state], isComplete: true))
        }
        #expect(engine != nil)
        await service.publish(ServingTable(endpoints: [:], isComplete: true))
        #expect(engine == nil)
    }
}
