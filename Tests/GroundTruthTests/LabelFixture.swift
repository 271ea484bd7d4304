// SPDX-License-Identifier: Apache-2.0
import Foundation
import GroundTruth
import InferenceServing
import ModelDomain
import ModelExecution
import PredictionLogging
import StoreSQL
import Synchronization
import Tensors
import TestSupport
import Testing

/// Segments in memory.
final class MemoryShelf: SegmentShelf {
    private let state = Mutex([SegmentName: [UInt8]]())

    func segments() -> [(name: SegmentName, byteCount: Int)] { state.withLock { $0.map { ($0.key, $0.value.count) } } }
    func append(_ bytes: [UInt8], to segment: SegmentName) { state.withLock { $0[segment, default: []] += bytes } }
    func sync(_: SegmentName) {}
    func close(_: SegmentName) {}
    func read(_ segment: SegmentName, from offset: Int, count: Int) -> [UInt8] {
        state.withLock { Array(($0[segment] ?? []).dropFirst(offset).prefix(count)) }
    }
    func cut(_ segment: SegmentName, to byteCount: Int) {
        state.withLock { $0[segment] = Array(($0[segment] ?? []).prefix(byteCount)) }
    }
    func delete(_ segment: SegmentName) { state.withLock { $0[segment] = nil } }
}

/// The machine's time, moved as tests like: the log writes that of the machine.
final class TestClock: Sendable {
    private let offset = Mutex<Int64>(0)

    var now: Timestamp {
        Timestamp(
            microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000) + offset.withLock(\.self))
    }

    func advance(_ microseconds: Int64) { offset.withLock { $0 += microseconds } }
    /// So far from the machine's time.
    func set(offset microseconds: Int64) { offset.withLock { $0 = microseconds } }
}

let hour: Int64 = 3_600_000_000
let day: Int64 = 24 * hour

/// An endpoint with a model that decides between yes and no, its predictions, and their labels.
final class LabelFixture {
    let clock = TestClock()
    let log: PredictionLog
    let labels: Labels
    let store: SQLLabelStore
    let endpoint: LabelledEndpoint
    static let bundle = Digest(of: [1])
    private let state: EndpointState
    private let recorder: any PredictionRecorder
    private let source = Mutex(PredictionIDSource(replica: 0, loop: 0, salt: 1))

    init(in folder: String, form: AnswerForm? = nil, windows: LabelWindows = LabelWindows()) async throws {
        let clock = clock
        let form = try form ?? AnswerFormTests.classifier(["no", "yes"])
        log = PredictionLog(
            on: MemoryShelf(), secret: Array(repeating: 7, count: 32), now: { clock.now }, report: { _, _ in })
        store = SQLLabelStore(
            database: try await SQLiteDatabase.open(at: "\(folder)/labels.sqlite", time: clock.now))
        labels = Labels(
            store: store, log: log, forms: AnswerForms { $0 == Self.bundle ? form : nil }, windows: windows,
            now: { clock.now })
        let engine = FakeEngine { $0 + $1 }
        let model = ModelReference(name: try ModelName("m"))
        let live = try LiveVersion(
            version: ModelVersion(
                model: model, number: 3, bundle: Self.bundle, provenance: nil, status: .ready, origin: nil,
                createdAt: clock.now, createdBy: "test"),
            signature: Signature(inputs: engine.inputs, outputs: engine.outputs), engine: engine,
            proof: ProofVerdict(
                origin: .original, tolerance: .standard, replayed: 0, recorded: 0, largestDifference: 0,
                differingRows: 0, differences: []),
            cost: RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 100), limits: .standard)
        endpoint = LabelledEndpoint(try EndpointName("churn"), in: .standard)
        state = EndpointState(
            record: EndpointRecord(
                project: .standard, name: endpoint.endpoint, createdAt: clock.now,
                current: Deployment(
                    generation: 1, model: model, version: 3, restores: nil, base: nil, createdAt: clock.now,
                    createdBy: "test"), settings: try EndpointSettings([:])), live: live)
        recorder = log.recorder()
    }

    func newID() -> PredictionID { source.withLock { $0.next(at: TestClock().now.milliseconds) } }

    /// Predicts at the machine's time, that each row is “yes” with a probability.
    @discardableResult
    func predict(_ probabilities: [Double], id: PredictionID? = nil, key: String? = nil) -> PredictionID {
        let id = id ?? newID()
        let shares = probabilities.flatMap { [Float(1 - $0), Float($0)] }
        let rows = probabilities.count
        recorder.record(
            PredictionOutcome(
                id: id, endpoint: state, live: state.live, origin: PredictionOrigin(key: key), inputs: [],
                rowCount: rows,
                result: .success([
                    Tensor(strings: probabilities.map { $0 >= 0.5 ? "yes" : "no" }, shape: [rows]),
                    Tensor(.float32, shape: [rows, 2], elements: shares),
                ]), times: .init()))
        return id
    }

    func refuse() -> PredictionID {
        let id = newID()
        recorder.record(
            PredictionOutcome(
                id: id, endpoint: state, live: state.live, origin: PredictionOrigin(), inputs: [], rowCount: 1,
                result: .failure(.init(Explanation(.wrongType, .invalidInput, "no"))), times: .init()))
        return id
    }

    @discardableResult
    func send(_ feedback: [(Feedback.Target, String)], row: Int? = nil, at: Timestamp? = nil) async throws
        -> FeedbackReceipt
    {
        try await labels.receive(
            feedback.enumerated().map { index, one in
                Feedback(one.0, row: row, label: GivenLabel(.text, one.1), at: at, position: index + 1)
            }, for: endpoint, current: Self.bundle, by: "ada")
    }

    func rows(of id: PredictionID) async throws -> [LabelledRow] {
        try await store.read { [endpoint] in try $0.labels(of: endpoint, predictions: [id]) }
    }

    func put(_ rows: [LabelledRow]) async throws {
        try await store.write { [endpoint] store in for row in rows { try store.put(row, of: endpoint) } }
    }

    func formers(of id: PredictionID) async throws -> [FormerLabel] {
        try await store.read { [endpoint] in try $0.formerLabels(of: endpoint, prediction: id) }
    }

    func counts() async throws -> LabelCounts { try await store.read { [endpoint] in try $0.counts(of: endpoint) } }

    func waitingCount() async throws -> Int {
        try await store.read { [endpoint] in try $0.waitingCount(for: endpoint) }
    }
}

/// A fixture in a folder of its own.
func withLabels<Result>(
    form: AnswerForm? = nil, windows: LabelWindows = LabelWindows(),
    _ body: (LabelFixture) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder async throws in
        let fixture = try await LabelFixture(in: folder, form: form, windows: windows)
        do {
            let result = try await body(fixture)
            await fixture.log.close()
            return result
        } catch {
            await fixture.log.close()
            throw error
        }
    }
}
