// SPDX-License-Identifier: Apache-2.0
// What it costs to keep and to count a prediction of one row with 30 columns, in this process.
//
//     make bench-log
//
// An event loop's recorder, its ring, the writer, files with their syncs, and the monitor, as the server has them. For a model
// with one input of 30 columns, and for one with 30 inputs; with the log alone, and with the monitor. Prints microseconds of
// the processor: on the thread that answers, and of all threads together; then bytes a row, and what was written and dropped.
import DriftDetection
import Foundation
import InferenceServing
import LogFiles
import ModelDomain
import ModelExecution
import PredictionLogging
import Statistics
import Synchronization
import Tensors

/// It is never asked: its answers are recorded.
final class StubModel: InferenceEngine {
    let inputs: [TensorSpec]
    let outputs = [
        TensorSpec(name: "label", datatype: .int64, shape: [.symbolic("batch")]),
        TensorSpec(name: "probabilities", datatype: .float32, shape: [.symbolic("batch"), .fixed(2)]),
    ]

    init(isMatrix: Bool) {
        inputs =
            isMatrix
            ? [TensorSpec(name: "rows", datatype: .float32, shape: [.symbolic("batch"), .fixed(30)])]
            : (0..<30).map {
                TensorSpec(name: "column \($0)", datatype: .float32, shape: [.symbolic("batch"), .fixed(1)])
            }
    }

    func run(_: [Tensor]) throws(EngineError) -> [Tensor] { [] }
}

/// As the server's monitor counts.
final class Counting: PredictionObserver {
    let rows = Atomic<Int>(0)
    private let monitor = Mutex(VersionMonitor(training: nil))

    func observe(_ record: PredictionRecord) {
        monitor.withLock { $0.observe(record) }
        rows.add(record.rowCount, ordering: .relaxed)
    }
}

/// In microseconds.
func processorTime(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

func endpoint(isMatrix: Bool) throws -> EndpointState {
    let engine = StubModel(isMatrix: isMatrix)
    let model = ModelReference(name: try ModelName("model"))
    let time = Timestamp(microseconds: 0)
    let fields = (0..<30).map { RowField(name: "column \($0)", input: isMatrix ? 0 : $0, offset: isMatrix ? $0 : 0) }
    let live = try LiveVersion(
        version: ModelVersion(
            model: model, number: 1, bundle: Digest(of: "bundle".utf8), provenance: nil, status: .ready, origin: nil,
            createdAt: time, createdBy: "bench"),
        signature: Signature(inputs: engine.inputs, outputs: engine.outputs, fields: fields), engine: engine,
        proof: ProofVerdict(
            origin: .original, tolerance: .standard, replayed: 0, recorded: 0, largestDifference: 0, differingRows: 0,
            differences: []),
        cost: RunCost(oneRowNanoseconds: 1000, furtherRowNanoseconds: 100), limits: .standard)
    let record = EndpointRecord(
        project: .standard, name: try EndpointName("bench"), createdAt: time,
        current: Deployment(
            generation: 1, model: model, version: 1, restores: nil, base: nil, createdAt: time, createdBy: "bench"),
        settings: .standard)
    return EndpointState(record: record, live: live)
}

func measure(isMatrix: Bool, isCounted: Bool) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("slipway-bench-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let state = try endpoint(isMatrix: isMatrix)
    let counting = Counting()
    let log = PredictionLog(
        on: try LogFiles(folder: folder), secret: [UInt8](repeating: 1, count: 32),
        observer: isCounted ? counting : nil,
        now: { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }, report: { _, _ in })
    let recorder = log.recorder()
    var ids = PredictionIDSource(replica: 0, loop: 0)
    var random = SplitMix(seed: 1)
    func floats(_ shape: Shape) -> Tensor {
        Tensor(.float32, shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in Float(random.nextUnit()) })
    }
    let rows = (0..<64).map { _ in isMatrix ? [floats([1, 30])] : (0..<30).map { _ in floats([1, 1]) } }
    let answers = [Tensor(.int64, shape: [1], elements: [1] as [Int64]), floats([1, 2])]
    // As fast as the writer follows: 200 every fifteen milliseconds are 13,000 a second.
    let (bursts, each) = (2000, 200)
    var own = 0.0
    let start = processorTime(CLOCK_PROCESS_CPUTIME_ID)
    var making = 0.0
    for burst in 0..<bursts {
        try await Task.sleep(for: .milliseconds(15))
        let before = processorTime(CLOCK_THREAD_CPUTIME_ID)
        let outcomes = (0..<each).map { count in
            PredictionOutcome(
                id: ids.next(at: 1_800_000_000_000), endpoint: state, live: state.live, origin: .unknown,
                inputs: rows[(burst + count) % rows.count], rowCount: 1, result: .success(answers), times: .init())
        }
        let made = processorTime(CLOCK_THREAD_CPUTIME_ID)
        for outcome in outcomes { recorder.record(outcome) }
        making += made - before
        own += processorTime(CLOCK_THREAD_CPUTIME_ID) - made
    }
    await log.flush()
    let all = processorTime(CLOCK_PROCESS_CPUTIME_ID) - start - making
    let counters = log.counters(of: state.record.name, in: .standard)
    let count = Double(bursts * each)
    let text = { (value: Double) in String(format: "%.2f", value) }
    print(
        isMatrix ? "one input " : "30 inputs ", isCounted ? "log, monitor" : "log         ",
        "answering \(text(own / count)) µs, all \(text(all / count)) µs,",
        "\(text(Double(counters.bytes) / Double(max(1, counters.written)))) bytes,",
        "written \(counters.written), counted \(counting.rows.load(ordering: .relaxed)), of \(bursts * each)")
    await log.close()
}

for isMatrix in [true, false] {
    for isCounted in [false, true] { try await measure(isMatrix: isMatrix, isCounted: isCounted) }
}
