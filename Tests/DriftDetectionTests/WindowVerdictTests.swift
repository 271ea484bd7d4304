// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import ModelDomain
import Statistics
import Tensors
import Testing

/// Windows of real rows, and what is bad about them.
struct WindowVerdictTests {
    private static let constant = [Double](repeating: 7, count: 5000)
    private static func uniform(_ count: Int, _ source: inout SplitMix) -> [Double] {
        (0..<count).map { _ in source.nextUnit() }
    }

    private struct Bench {
        var source = SplitMix(seed: 11)
        let baseline: MonitorBaseline
        var watch: DriftWatch

        init() {
            let words = (0..<5000).map { ["red", "green", "blue"][$0 % 3] }.map { Array($0.utf8) as [UInt8]? }
            let inputs = Baseline(
                rows: 5000,
                columns: [
                    Baseline.Column("x", .numeric(NumericProfile(of: uniform(5000, &source)))),
                    Baseline.Column("constant", .numeric(NumericProfile(of: constant))),
                    Baseline.Column("empty", .numeric(NumericProfile(of: constant.map { _ in .nan }))),
                    Baseline.Column("word", .categorical(CategoricalProfile(of: words))),
                ])
            baseline = MonitorBaseline(
                inputs: inputs, inputOrigin: .training, outputs: Baseline(rows: 0, columns: []),
                outputOrigin: .traffic)
            watch = DriftWatch(baseline)
        }

        mutating func window(
            _ rows: Int = 1000, x: [Double]? = nil, constant: [Double]? = nil, empty: [Double]? = nil,
            words: [String]? = nil
        ) throws -> WindowVerdict {
            var monitor = VersionMonitor(baseline)
            let fine = (0..<rows).map { _ in ["red", "green", "blue"][source.nextIndex(below: 3)] }
            monitor.observe(
                rows: rows,
                columns: [
                    numbers("x", x ?? uniform(rows, &source)),
                    numbers("constant", constant ?? [Double](repeating: 7, count: rows)),
                    numbers("empty", empty ?? [Double](repeating: .nan, count: rows)), texts("word", words ?? fine),
                ], outputs: [], at: time)
            monitor.close()
            return try watch.verdict(try #require(monitor.series.pane(.hour, at: time)))
        }

        /// Until drift is judged.
        mutating func settle() throws {
            for _ in 0..<21 { _ = try window() }
            let verdict = try window()
            #expect(verdict.state == .judged)
            #expect(verdict.level == .ok)
        }
    }

    @Test func tooFewRowsSayHowManyAreMissing() throws {
        var bench = Bench()
        let verdict = try bench.window(120)
        #expect(verdict.state == .insufficient(missingRows: 380))
        #expect(verdict.columns.allSatisfy { $0.missingRows == 380 && $0.pValue == nil && $0.stability == nil })
    }

    @Test func noiseIsMeasuredFirst() throws {
        var bench = Bench()
        _ = try bench.window()
        let next = try bench.window()
        #expect(next.state == .measuringNoise(windows: 1, of: 20))
    }

    @Test func constantsAndEmptyColumnsAreNoDrift() throws {
        var bench = Bench()
        try bench.settle()
        let verdict = try bench.window()
        #expect(verdict.columns[1].adjustedStability == 0)
        #expect(verdict.columns[2].adjustedStability == 0)
        #expect(verdict.columns[1].pValue == 1)
    }

    @Test func aConstantThatBecomesAnotherIsFoundAtOnce() throws {
        var bench = Bench()
        try bench.settle()
        let verdict = try bench.window(constant: [Double](repeating: 8, count: 1000))
        #expect(verdict.columns[1].driftLevel == .critical)
        #expect(verdict.columns[1].faults.map(\.kind) == [.outOfRange])
        #expect(verdict.columns[0].driftLevel == .ok)
    }

    @Test func aColumnThatBecomesConstantIsFoundAtOnce() throws {
        var bench = Bench()
        try bench.settle()
        let next = try bench.window(x: [Double](repeating: 0.5, count: 1000))
        #expect(next.columns[0].driftLevel == .critical)
    }

    @Test func aColumnThatGoesMissingIsFoundAtOnceAlsoWhileNoiseIsMeasured() throws {
        var bench = Bench()
        let verdict = try bench.window(x: [Double](repeating: .nan, count: 1000))
        let fault = try #require(verdict.columns[0].faults.first)
        #expect(fault.kind == .missing)
        #expect(fault.rate == 1)
        #expect(fault.baselineRate == 0)
        #expect(fault.leastRise > 0.9)
        #expect(verdict.columns[0].qualityLevel == .critical)
    }

    @Test func anEmptyColumnThatFillsIsFound() throws {
        var bench = Bench()
        try bench.settle()
        let next = try bench.window(empty: [Double](repeating: 1, count: 1000))
        #expect(next.columns[2].driftLevel == .critical)
    }

    @Test func infinitiesAreFound() throws {
        var bench = Bench()
        let values = WindowVerdictTests.uniform(1000, &bench.source).enumerated().map { $0 < 200 ? .infinity : $1 }
        let verdict = try bench.window(x: values)
        #expect(verdict.columns[0].faults.map(\.kind) == [.nonFinite])
        #expect(verdict.columns[0].faults.map(\.isCritical) == [true])
    }

    /// Every row another word: counted, found, and no more memory than before.
    @Test func categoriesThatExplodeAreFound() throws {
        var bench = Bench()
        try bench.settle()
        let verdict = try bench.window(words: (0..<1000).map { "word-\($0)" })
        #expect(verdict.columns[3].faults.map(\.kind) == [.newCategory])
        #expect(verdict.columns[3].driftLevel == .critical)
    }

    @Test func aRiseOfThreePointsWarnsAfterTwoWindows() throws {
        var bench = Bench()
        try bench.settle()
        func withGaps() -> [Double] {
            WindowVerdictTests.uniform(2000, &bench.source).enumerated().map { $0 < 100 ? .nan : $1 }
        }
        let first = try bench.window(2000, x: withGaps())
        #expect(first.columns[0].faults.map(\.isCritical) == [false])
        #expect(first.columns[0].qualityLevel == .ok)
        let next = try bench.window(2000, x: withGaps())
        #expect(next.columns[0].qualityLevel == .warning)
        for _ in 0..<2 {
            let clean = try bench.window()
            #expect(clean.columns[0].qualityLevel == .warning)
        }
        let last = try bench.window()
        #expect(last.columns[0].qualityLevel == .ok)
    }

    @Test func aWindowOverAnotherBaselineIsNotJudged() {
        var bench = Bench()
        let other = Simulation(rows: 1000, [Simulation.even], &bench.source)
        let verdict = bench.watch.judge(MonitorPane(other.baseline))
        #expect(verdict == nil)
    }

    /// Whoever goes on from what was stored comes to the same verdicts.
    @Test func whatIsRememberedSurvivesItsJSON() throws {
        var bench = Bench()
        for window in 0..<30 {
            let stored = bench.watch.json.canonical
            let restored = try #require(try DriftWatch(document: stored, bench.baseline))
            #expect(restored == bench.watch)
            bench.watch = restored
            _ = try bench.window(x: window % 3 == 0 ? [Double](repeating: 0.5, count: 1000) : nil)
        }
        let other = Simulation(rows: 1000, [Simulation.even], &bench.source).baseline
        #expect(try DriftWatch(document: bench.watch.json.canonical, other) == nil)
        #expect(throws: Refusal.self) { try DriftWatch(document: Array("{}".utf8), bench.baseline) }
    }
}
