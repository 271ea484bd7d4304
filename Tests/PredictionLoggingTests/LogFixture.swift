// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import ModelExecution
import PredictionLogging
import RequestTracing
import Synchronization
import Tensors
import TestSupport

extension Timestamp {
    static var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}

/// Segments in memory, on a disk that can be full.
final class MemoryShelf: SegmentShelf {
    struct Full: Error {}
    struct Broken: Error {}

    private let gate = DispatchSemaphore(value: 1)
    private let state = Mutex((segments: [SegmentName: [UInt8]](), isFull: false, failsToSync: false, synced: 0))

    var isFull: Bool {
        get { state.withLock(\.isFull) }
        set { state.withLock { $0.isFull = newValue } }
    }
    var failsToSync: Bool {
        get { state.withLock(\.failsToSync) }
        set { state.withLock { $0.failsToSync = newValue } }
    }
    var synced: Int { state.withLock(\.synced) }

    func segments() -> [(name: SegmentName, byteCount: Int)] {
        state.withLock { $0.segments.map { ($0.key, $0.value.count) } }
    }

    /// Of all segments.
    var contents: Data { state.withLock { $0.segments.values.reduce(into: Data()) { $0 += $1 } } }

    /// Writing does not come to its end before ``goOn()``.
    func stall() { gate.wait() }
    func goOn() { gate.signal() }

    func append(_ bytes: [UInt8], to segment: SegmentName) throws {
        gate.wait()
        defer { gate.signal() }
        try state.withLock {
            if $0.isFull { throw Full() }
            $0.segments[segment, default: []] += bytes
        }
    }

    func sync(_: SegmentName) throws {
        try state.withLock {
            if $0.failsToSync { throw Broken() }
            $0.synced += 1
        }
    }
    func close(_: SegmentName) {}

    func read(_ segment: SegmentName, from offset: Int, count: Int) -> [UInt8] {
        state.withLock { Array(($0.segments[segment] ?? []).dropFirst(offset).prefix(count)) }
    }

    func cut(_ segment: SegmentName, to byteCount: Int) {
        state.withLock { $0.segments[segment] = Array(($0.segments[segment] ?? []).prefix(byteCount)) }
    }

    func delete(_ segment: SegmentName) { state.withLock { $0.segments[segment] = nil } }

    /// As a crash, or a disk, leaves it.
    func damage(_ segment: SegmentName, _ body: (inout [UInt8]) -> Void) {
        state.withLock { body(&$0.segments[segment, default: []]) }
    }
}

/// An endpoint with a model of two numbers, and predictions that were made at it.
final class LogFixture: Sendable {
    let state: EndpointState
    private let source = Mutex(PredictionIDSource(replica: 0, loop: 0))

    init(
        _ settings: [EndpointSettings.Key: String] = [:], name: String = "e", policies: [String: FieldPolicy] = [:],
        subject: String? = nil
    ) throws {
        let engine = FakeEngine { $0 + 10 * $1 }
        let time = Timestamp(microseconds: 0)
        let model = ModelReference(name: try ModelName("m"))
        let fields = ["age", "income"].enumerated().map { RowField(name: $1, input: 0, offset: $0) }
        let live = try LiveVersion(
            version: ModelVersion(
                model: model, number: 3, bundle: nil, provenance: nil, status: .ready, origin: nil, createdAt: time,
                createdBy: "test"),
            signature: Signature(inputs: engine.inputs, outputs: engine.outputs, fields: fields), engine: engine,
            proof: ProofVerdict(
                origin: .original, tolerance: .standard, replayed: 0, recorded: 0, largestDifference: 0,
                differingRows: 0, differences: []),
            cost: RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 100), limits: .standard,
            policies: policies, subject: subject)
        let record = EndpointRecord(
            project: .standard, name: try EndpointName(name), createdAt: time,
            current: Deployment(
                generation: 1, model: model, version: 3, restores: nil, base: nil, createdAt: time, createdBy: "test"),
            settings: try EndpointSettings(settings))
        state = EndpointState(record: record, live: live, problem: nil)
    }

    func id(at time: Timestamp = .now) -> PredictionID { source.withLock { $0.next(at: time.milliseconds) } }

    /// What becomes of rows `[n, 2]`, each answered with its sum.
    func outcome(
        _ rows: [[Float]], id: PredictionID? = nil, key: String? = nil, answers: [Float]? = nil,
        failure: Explanation? = nil, trace: TraceID? = nil, subject: String? = nil
    ) -> PredictionOutcome {
        var origin = PredictionOrigin(key: key, subject: subject)
        origin.trace = trace
        let answers = answers ?? rows.map { $0.reduce(0, +) }
        return PredictionOutcome(
            id: id ?? self.id(), endpoint: state, live: state.live, origin: origin,
            inputs: [Tensor(.float32, shape: [rows.count, 2], elements: rows.flatMap(\.self))], rowCount: rows.count,
            result: failure.map { .failure(.init($0)) }
                ?? .success([Tensor(.float32, shape: [rows.count], elements: answers)]),
            times: .init())
    }
}

/// A log that is closed behind its test.
func withLog<Result>(
    on shelf: any SegmentShelf, subjects: (any SubjectKeyStore)? = nil,
    now: @escaping @Sendable () -> Timestamp = { .now },
    _ body: (PredictionLog) async throws -> Result
) async throws -> Result {
    let log = PredictionLog(
        on: shelf, secret: Array(repeating: 7, count: 32), subjects: subjects, now: now, report: { _, _ in })
    do {
        let result = try await body(log)
        await log.close()
        return result
    } catch {
        await log.close()
        throw error
    }
}
