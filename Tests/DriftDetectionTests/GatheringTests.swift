// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import InferenceServing
import ModelDomain
import RequestTracing
import Statistics
import Tensors
import Testing

@testable import PredictionLogging

/// Records that are put together are counted as each of them would be.
struct GatheringTests {
    private let schema: LogSchema

    init() throws {
        // A matrix of two columns, a column of texts, and one of whole numbers.
        schema = try LogSchema(
            json: Array(
                (#"{"project":"p","endpoint":"e","generation":1,"model_project":"p","model":"m","version":1,"#
                    + #""inputs":["matrix","plan","age"],"outputs":["score","label"],"fields":["#
                    + #"{"name":"a","input":0,"offset":0,"shape":[],"policy":"keep"},"#
                    + #"{"name":"b","input":0,"offset":1,"shape":[],"policy":"sketch"},"#
                    + #"{"name":"plan","input":1,"offset":0,"shape":[],"policy":"keep"},"#
                    + #"{"name":"age","input":2,"offset":0,"shape":[],"policy":"keep"}]}"#).utf8))
    }

    private var baseline: MonitorBaseline {
        let plans = CategoricalProfile(of: ["basic", "pro", nil].map { $0.map { Array($0.utf8) } })
        return MonitorBaseline(
            inputs: Baseline(
                rows: 3,
                columns: training([("a", [0, 1, 2]), ("b", [0, 0.5, 1])]).columns + [
                    Baseline.Column("plan", .categorical(plans))
                ] + training([("age", [10, 20, 90])]).columns), inputOrigin: .training,
            outputs: Baseline(
                rows: 3,
                columns: training([("score", [0, 0.5, 1])]).columns + [
                    Baseline.Column("label", .categorical(CategoricalProfile(of: [Array("1".utf8)])))
                ]), outputOrigin: .traffic)
    }

    /// Sometimes of other types than the rest.
    private func record(_ random: inout Statistics.SplitMix) -> PredictionRecord {
        let rows = random.nextIndex(below: 4) + 1
        let odd = random.nextIndex(below: 10)
        func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.nextUnit() * 3) } }
        let matrix =
            odd == 0
            ? Tensor(.float64, shape: [rows, 2], elements: floats(2 * rows).map(Double.init))
            : Tensor(.float32, shape: [rows, 2], elements: floats(2 * rows).map { $0 > 2.9 ? .nan : $0 })
        let plans = (0..<rows).map { _ in ["basic", "pro", "", "größer"][random.nextIndex(below: 4)] }
        let plan =
            odd == 1 ? Tensor(.float32, shape: [rows], elements: floats(rows)) : Tensor(strings: plans, shape: [rows])
        let age =
            odd == 2
            ? Tensor(strings: plans, shape: [rows, 1])
            : Tensor(.int64, shape: odd == 3 ? [rows] : [rows, 1], elements: (0..<rows).map { Int64($0 * 30) })
        return PredictionRecord(
            id: PredictionID(high: 1, low: 2), time: time, status: odd == 4 ? .invalid : .answered, code: nil,
            principal: "ada", key: odd == 5 ? "order" : nil,
            trace: odd == 7 ? TraceID(high: 1, low: 2) : nil, rowCount: rows, times: .init(), isCut: odd == 6,
            inputs: odd == 6 ? [] : [.whole(matrix), .whole(plan), .whole(age)],
            outputs: odd == 4 || odd == 6
                ? []
                : [
                    Tensor(.float32, shape: [rows, 1], elements: floats(rows)),
                    Tensor(.int64, shape: [rows], elements: (0..<rows).map { Int64($0) }),
                ], schema: schema)
    }

    @Test(arguments: 1...20)
    func countsAreTheSameHoweverRecordsAreGathered(seed: UInt64) throws {
        var random = Statistics.SplitMix(seed: seed)
        var (apart, together) = (VersionMonitor(baseline), VersionMonitor(baseline))
        let gatherer = RecordGatherer(schema)
        var calls = 0
        let records = (0..<300).map { _ in record(&random) }
        for record in records {
            if record.status == .answered, !record.isCut {
                // A column of which only counts are kept has numbers that are counted.
                apart.observe(
                    rows: record.rowCount, columns: record.columns, outputs: record.answers, at: record.time)
            }
            unsafe encoded(record).withUnsafeBytes { bytes in
                unsafe gatherer.take(bytes) { gathered in
                    calls += 1
                    together.observe(gathered)
                }
            }
        }
        gatherer.flush { together.observe($0) }
        let (one, other) = (apart.takePanes(), together.takePanes())
        #expect(one.map(\.pane) == other.map(\.pane))
        #expect(one.first?.pane.rows ?? 0 > 400)
        #expect(calls < records.count)
    }

    /// A record as it lies in a ring, with all of its inputs.
    private func encoded(_ record: PredictionRecord) -> [UInt8] {
        RecordCoding.bytes(of: record, record.inputs)
    }

    @Test func halfARecordIsNoRecord() {
        var random = Statistics.SplitMix(seed: 7)
        let gatherer = RecordGatherer(schema)
        var rows = 0
        for _ in 0..<200 {
            let bytes = encoded(record(&random))
            let cut = Array(bytes.prefix(random.nextIndex(below: bytes.count)))
            unsafe cut.withUnsafeBytes { unsafe gatherer.take($0) { rows += $0.rowCount } }
        }
        gatherer.flush { rows += $0.rowCount }
        #expect(rows == 0)
    }
}
