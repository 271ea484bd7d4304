// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import ModelExecution
import Synchronization
import Tensors
import TestSupport

let light = RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 100)
let heavy = RunCost(oneRowNanoseconds: 1_000_000, furtherRowNanoseconds: 0)

/// An endpoint with one version of an engine made for a test.
struct ServingFixture {
    let engine: FakeEngine
    let state: EndpointState

    /// - Parameter settings: Over the standard ones; there is no deadline, unless it is among them.
    init(
        _ settings: [EndpointSettings.Key: String] = [:], cost: RunCost = light, name: String = "e",
        score: @escaping @Sendable (Float, Float) -> Float = { $0 + 10 * $1 }
    ) throws {
        engine = FakeEngine(score: score)
        let time = Timestamp(microseconds: 0)
        let model = ModelReference(name: try ModelName("m"))
        let live = try LiveVersion(
            version: ModelVersion(
                model: model, number: 1, bundle: nil, provenance: nil, status: .ready, origin: nil, createdAt: time,
                createdBy: "test"),
            signature: Signature(inputs: engine.inputs, outputs: engine.outputs), engine: engine,
            proof: ProofVerdict(
                origin: .original, tolerance: .standard, replayed: 0, recorded: 0, largestDifference: 0,
                differingRows: 0, differences: []),
            cost: cost, limits: .standard)
        let record = EndpointRecord(
            project: .standard, name: try EndpointName(name), createdAt: time,
            current: Deployment(
                generation: 1, model: model, version: 1, restores: nil, base: nil, createdAt: time, createdBy: "test"),
            settings: try EndpointSettings(settings.merging([.deadline: "none"]) { own, _ in own }))
        state = EndpointState(record: record, live: live, problem: nil)
    }

    var counters: EndpointCounters { state.counters }

    /// - Parameter deadline: From now.
    func call(_ value: Float = 1, from caller: String = "a", deadline: Duration? = nil) throws -> InferenceCall {
        InferenceCall(
            inputs: [Tensor(.float32, shape: [1, 2], elements: [value, 2] as [Float])], rowCount: 1,
            live: try state.ready(), endpoint: state,
            terms: RequestTerms(
                caller: CallerKey(hashing: caller),
                deadline: deadline.map { Moment.now.after(Int($0 / .nanoseconds(1))) }))
    }
}

/// What an engine computes with that takes so many seconds: the first number of the row.
func taking(_ seconds: Double) -> @Sendable (Float, Float) -> Float {
    { first, _ in
        Thread.sleep(forTimeInterval: seconds)
        return first
    }
}

/// What became of calls that were given to lanes.
final class Outcomes: Sendable {
    private let results = Mutex<[Result<Float, ServingError>]>([])
    private let arrived = DispatchSemaphore(value: 0)

    func record(_ result: Result<[Tensor], ServingError>) {
        results.withLock { $0.append(result.map { $0[0].elements(as: Float.self)[0] }) }
        arrived.signal()
    }

    /// Waits until `count` more have come, and tells all.
    func wait(for count: Int) -> [Result<Float, ServingError>] {
        for _ in 0..<count { arrived.wait() }
        return results.withLock(\.self)
    }
}

/// Lets engines through one by one.
final class Gate: Sendable {
    private let arrivals = DispatchSemaphore(value: 0)
    private let permits = DispatchSemaphore(value: 0)

    func pass() {
        arrivals.signal()
        permits.wait()
    }

    /// What an engine computes with that is held at the gate: the first number of the row.
    func hold(_ first: Float, _: Float) -> Float {
        pass()
        return first
    }

    func waitForArrival() { arrivals.wait() }
    func open(_ count: Int = 1) { for _ in 0..<count { permits.signal() } }
}

extension ServingError {
    /// The code of the explanation, for expectations.
    var code: ErrorCode { explanation.code }
}

extension Result where Failure == ServingError {
    var code: ErrorCode? {
        guard case .failure(let error) = self else { return nil }
        return error.code
    }
}
