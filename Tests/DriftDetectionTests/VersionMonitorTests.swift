// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import ModelDomain
import Statistics
import Tensors
import Testing

struct VersionMonitorTests {
    private let values = (0..<2000).map { Double($0 % 100) }

    /// Counts of a column of the newest five minutes.
    private func bins(_ monitor: VersionMonitor, _ column: Int) throws -> BinCounts {
        let pane = try #require(monitor.series.panes(.fiveMinutes).last?.pane)
        guard case .bins(let counts) = pane.columns[column] else { throw NoVerdict() }
        return counts
    }

    private func monitor(_ columns: [(String, [Double])]) -> VersionMonitor {
        VersionMonitor(
            MonitorBaseline(
                inputs: training(columns), inputOrigin: .training, outputs: Baseline(rows: 0, columns: []),
                outputOrigin: .traffic))
    }

    @Test func everyPeculiarityIsCountedWhereItBelongs() throws {
        var monitor = monitor([("x", values)])
        monitor.observe(
            rows: 7, columns: [numbers("x", [5, .nan, .infinity, -.infinity, -1, 1000, 5])], outputs: [], at: time)
        monitor.observe(rows: 2, columns: [texts("x", ["5", ""])], outputs: [], at: time)
        monitor.observe(rows: 1, columns: [numbers("unknown", [1])], outputs: [], at: time)
        monitor.close()
        let counts = try bins(monitor, 0)
        #expect(counts.rows == 9)
        #expect(counts.missing == 2)
        #expect(counts.typeErrors == 1)
        #expect((counts.positiveInfinities, counts.negativeInfinities) == (1, 1))
        #expect((counts.belowMinimum, counts.aboveMaximum) == (1, 1))
        #expect(monitor.series.pane(.hour, at: time)?.rows == 10)
    }

    @Test(arguments: [Datatype.bool, .int8, .uint16, .int64, .float16, .bfloat16, .float32])
    func everyDatatypeIsCounted(datatype: Datatype) throws {
        var monitor = monitor([("x", values)])
        let width = try #require(datatype.byteWidth)
        let zeros = Tensor(datatype, shape: [3], storage: TensorStorage(byteCount: 3 * width))
        monitor.observe(rows: 3, columns: [NamedTensor("x", zeros)], outputs: [], at: time)
        monitor.close()
        #expect(try bins(monitor, 0).rows == 3)
        #expect(try bins(monitor, 0).typeErrors == 0)
    }

    /// The same word in two Unicode forms is two words, as it is to the model.
    @Test func wordsAreToldApartByTheirBytes() throws {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        #expect(composed == decomposed)
        var monitor = VersionMonitor(training: nil, learnedRows: 10)
        let words = [String](repeating: composed, count: 6) + [String](repeating: decomposed, count: 4)
        monitor.observe(
            rows: 10, columns: [texts("é", words), texts("e\u{301}", words.reversed())], outputs: [], at: time)
        let baseline = try #require(monitor.baseline)
        #expect(baseline.columns.count == 2)
        guard case .categorical(let profile) = baseline.columns[0].column.profile else { return #expect(Bool(false)) }
        #expect(profile.categories.map(\.count) == [6, 4])
        monitor.observe(rows: 1, columns: [texts("e\u{301}", [decomposed])], outputs: [], at: time)
        monitor.close()
        let pane = try #require(monitor.series.pane(.hour, at: time))
        guard case .categories(let first) = pane.columns[0], case .categories(let second) = pane.columns[1] else {
            return #expect(Bool(false))
        }
        #expect(first.rows == 0)
        #expect(second.known == [0, 1])
        #expect(try MonitorBaseline(document: baseline.json.canonical) == baseline)
    }

    @Test func theFirstRowsBecomeABaselineThatSaysSo() throws {
        var monitor = VersionMonitor(training: nil)
        monitor.observe(rows: 600, columns: [numbers("x", Array(values[..<600]))], outputs: [], at: time)
        #expect(monitor.baseline == nil)
        #expect(monitor.learning?.rows == 600)
        monitor.observe(rows: 600, columns: [numbers("x", Array(values[600..<1200]))], outputs: [], at: time)
        #expect(monitor.learning == nil)
        let baseline = try #require(monitor.baseline)
        #expect(baseline.inputOrigin == .traffic)
        #expect(try #require(baseline.note).contains("first 1200 rows"))
        monitor.close()
        // Rows are not held against themselves.
        #expect(monitor.takePanes().isEmpty)
    }

    @Test func inputsOfTheTimeOfLearningAreCountedWhereTrainingIsKnown() throws {
        var monitor = VersionMonitor(training: training([("x", values)]), learnedRows: 10)
        let scores = numbers("score", (0..<10).map { Double($0) / 10 })
        monitor.observe(rows: 10, columns: [numbers("x", Array(values[..<10]))], outputs: [scores], at: time)
        monitor.observe(rows: 10, columns: [numbers("x", Array(values[..<10]))], outputs: [scores], at: time)
        monitor.close()
        #expect(try bins(monitor, 0).rows == 20)
        #expect(try bins(monitor, 1).rows == 10)
        #expect(try #require(monitor.baseline?.note).contains("first 10"))
    }

    @Test func answersAreWatchedByClassConfidenceAndScore() throws {
        var monitor = VersionMonitor(training: nil, learnedRows: 4)
        let probabilities = Tensor(
            .float32, shape: [4, 2], elements: [0.9, 0.1, 0.2, 0.8, 0.4, 0.6, .nan, 0.5] as [Float])
        let labels = Tensor(.int64, shape: [4], elements: [0, 1, 1, 7] as [Int64])
        monitor.observe(
            rows: 4, columns: [],
            outputs: [
                NamedTensor("p", probabilities), NamedTensor("label", labels), texts("word", ["a", "b", "b", ""]),
            ],
            at: time)
        let columns = try #require(monitor.baseline).outputs.columns
        #expect(columns.map(\.name) == ["p.class", "p.confidence", "p", "label", "word"])
        guard case .categorical(let classes) = columns[0].profile, case .categorical(let found) = columns[3].profile,
            case .numeric(let confidence) = columns[1].profile
        else { return #expect(Bool(false)) }
        #expect(classes.categories.map { String(decoding: $0.bytes, as: UTF8.self) } == ["1", "0"])
        #expect(classes.missing == 1)
        #expect(found.categories.count == 3)
        #expect(confidence.missing == 1)
    }

    @Test func panesAreBoundedWhateverTheClockDoes() {
        var monitor = monitor([("x", values)])
        let one = numbers("x", [1])
        for minute: Int64 in stride(from: 0, to: 60 * 24 * 110, by: 30) {
            monitor.observe(rows: 1, columns: [one], outputs: [], at: time.after(minutes: minute))
        }
        monitor.observe(rows: 1, columns: [one], outputs: [], at: Timestamp(microseconds: .max))
        monitor.observe(rows: 1, columns: [one], outputs: [], at: Timestamp(microseconds: .min))
        monitor.close()
        for length in PaneSeries.Length.allCases { #expect(monitor.series.panes(length).count == length.kept) }
        // A late row is added where it belongs.
        let before = monitor.series.panes(.day)[50]
        monitor.observe(rows: 1, columns: [one], outputs: [], at: before.start)
        monitor.close()
        #expect(monitor.series.pane(.day, at: before.start)?.rows == before.pane.rows + 1)
    }

    @Test func panesOfReplicasAddUpAndSurviveTheirBytes() throws {
        let empty = monitor([("x", values), ("y", values.map { $0 * 2 })])
        func pane(_ from: Int, _ count: Int) throws -> MonitorPane {
            var monitor = empty
            let part = Array(values[from..<from + count])
            monitor.observe(rows: count, columns: [numbers("x", part), numbers("y", part)], outputs: [], at: time)
            monitor.close()
            return try #require(monitor.series.pane(.hour, at: time))
        }
        var sum = try pane(0, 300)
        let isAdded = sum.add(try pane(300, 500))
        #expect(isAdded)
        let whole = try pane(0, 800)
        #expect(sum == whole)
        let bytes = sum.encoded
        #expect(try #require(MonitorPane(encoded: bytes)) == sum)
        for length in bytes.indices { #expect(MonitorPane(encoded: Array(bytes[..<length])) == nil) }
        #expect(MonitorPane(encoded: bytes + [0]) == nil)
        // Another baseline.
        var other = monitor([("x", values)])
        other.observe(rows: 1, columns: [numbers("x", [1])], outputs: [], at: time)
        other.close()
        let isOtherAdded = sum.add(try #require(other.series.pane(.hour, at: time)))
        #expect(!isOtherAdded)
        #expect(sum.rows == 800)
    }

    @Test func damagedBytesAreNoPaneOrAnotherOne() {
        var source = SplitMix(seed: 9)
        let simulation = Simulation(rows: 1000, [Simulation.even, [0.5, 0.5]], &source)
        let bytes = simulation.window(1000, [Simulation.even, [0.5, 0.5]], &source).encoded
        for _ in 0..<2000 {
            var damaged = bytes
            damaged[source.nextIndex(below: bytes.count)] ^= UInt8(1 << source.nextIndex(below: 8))
            // What is read is written the same way again.
            if let pane = MonitorPane(encoded: damaged) { #expect(pane.encoded == damaged) }
        }
    }
}
