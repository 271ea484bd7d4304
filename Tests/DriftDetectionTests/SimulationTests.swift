// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import Statistics
import Testing

/// What the rules promise, in traffic that is drawn by chance.
struct SimulationTests {
    private static let shares = [[Double]](repeating: Simulation.even, count: 30)

    struct Tally {
        var windows = 0
        /// Windows that raised a level.
        var alarms = 0
        /// Windows with a difference that passes for significant, however small.
        var significant = 0
    }

    /// So many endpoints, each with a baseline of its own, which share nothing.
    private func quiet(
        endpoints: Int, windows: Int, seed: UInt64, shares: [[Double]] = shares, users: Int? = nil,
        rows: (inout SplitMix) -> Int
    ) throws -> Tally {
        var source = SplitMix(seed: seed)
        var tally = Tally()
        for _ in 0..<endpoints {
            let simulation = Simulation(rows: 10_000, shares, &source)
            var watch = DriftWatch(simulation.baseline)
            var before = Statistics.AlertLevel.Level.ok
            for _ in 0..<windows + 21 {
                let window = simulation.window(rows(&source), shares, users: users, &source)
                let verdict = try watch.verdict(window)
                guard verdict.state == .judged else { continue }
                tally.windows += 1
                if verdict.level > before { tally.alarms += 1 }
                before = verdict.level
                if verdict.columns.contains(where: { ($0.adjustedPValue ?? 1) <= watch.rules.level / 4 }) {
                    tally.significant += 1
                }
            }
        }
        return tally
    }

    /// The rate that is promised lies not below what was seen, as far as so many windows can tell.
    private func holds(_ count: Int, of windows: Int, _ rate: Double) -> Bool {
        (Proportion(count, of: windows)?.clopperPearson(confidence: 0.99)?.lower ?? 1) <= rate
    }

    @Test func quietTrafficRaisesNoMoreAlarmsThanIsStated() throws {
        let tally = try quiet(endpoints: 20, windows: 100, seed: 1) { 500 + $0.nextIndex(below: 4501) }
        #expect(tally.windows == 2000)
        let level = MonitorRules().level
        #expect(holds(tally.alarms, of: tally.windows, level))
        // Before the size of a difference is looked at: each window is only promised its share.
        #expect(holds(tally.significant, of: tally.windows, level / 4))
    }

    @Test func repeatedUsersAreNoDrift() throws {
        let tally = try quiet(endpoints: 20, windows: 100, seed: 2, users: 50) { _ in 1000 }
        #expect(tally.windows == 2000)
        let level = MonitorRules().level
        #expect(holds(tally.alarms, of: tally.windows, level))
        #expect(holds(tally.significant, of: tally.windows, level / 4))
    }

    /// Of two bins the noise is known least: a factor that is taken for exact raises an alarm in one window of a hundred.
    @Test func repeatedUsersWithTwoValuesAreNoDrift() throws {
        let shares = [[Double]](repeating: [0.9, 0.1], count: 15) + [[Double]](repeating: [0.5, 0.5], count: 15)
        let tally = try quiet(endpoints: 40, windows: 50, seed: 3, shares: shares, users: 50) { _ in 1000 }
        let level = MonitorRules().level
        #expect(holds(tally.alarms, of: tally.windows, level))
        #expect(holds(tally.significant, of: tally.windows, level / 4))
    }

    @Test func halfADeviationInOneOfThirtyColumnsIsFoundWithinThreeWindows() throws {
        var source = SplitMix(seed: 4)
        var moved = Self.shares
        moved[17] = movedDeciles(0.5)
        var simulation = Simulation(rows: 10_000, Self.shares, &source)
        var settled = DriftWatch(simulation.baseline)
        var found = 0
        for run in 0..<200 {
            // Ten runs go on from what one endpoint has seen.
            if run % 10 == 0 {
                simulation = Simulation(rows: 10_000, Self.shares, &source)
                settled = DriftWatch(simulation.baseline)
                for _ in 0..<21 { _ = settled.judge(simulation.window(1000, Self.shares, &source)) }
            }
            var watch = settled
            for _ in 0..<3 {
                let verdict = try watch.verdict(simulation.window(1000, moved, &source))
                if verdict.columns[17].driftLevel > .ok {
                    found += 1
                    break
                }
            }
        }
        #expect(found >= 190)
    }

    /// A shift that is there from the first window on is no noise.
    @Test func whatWasDifferentFromTheStartIsFound() throws {
        var source = SplitMix(seed: 5)
        let simulation = Simulation(rows: 10_000, Self.shares, &source)
        var moved = Self.shares
        moved[3] = movedDeciles(0.6)
        var watch = DriftWatch(simulation.baseline)
        var verdict: WindowVerdict?
        for _ in 0..<24 { verdict = watch.judge(simulation.window(1000, moved, &source)) }
        #expect(try #require(verdict).columns.filter { $0.driftLevel > .ok }.map(\.name) == ["c3"])
    }

    /// A fifth of a deviation shows in no window, and adds up.
    @Test func slowDriftAddsUp() throws {
        var source = SplitMix(seed: 6)
        let simulation = Simulation(rows: 20_000, Self.shares, &source)
        var watch = DriftWatch(simulation.baseline)
        for _ in 0..<21 { _ = watch.judge(simulation.window(2000, Self.shares, &source)) }
        var moved = Self.shares
        moved[9] = movedDeciles(0.2)
        var slow: [String] = []
        var windows = 0
        while slow.isEmpty, windows < 50 {
            let verdict = try watch.verdict(simulation.window(2000, moved, &source))
            #expect(verdict.columns.allSatisfy { $0.driftLevel == .ok })
            slow = verdict.slowDrift
            windows += 1
        }
        #expect(slow == ["c9"])
        // And it ends when it has ended.
        for _ in 0..<20 { slow = watch.judge(simulation.window(2000, Self.shares, &source))?.slowDrift ?? [] }
        #expect(slow.isEmpty)
    }

    @Test func aShiftOfHalfTheColumnsIsOneOfThePipeline() throws {
        var source = SplitMix(seed: 7)
        let simulation = Simulation(rows: 10_000, Self.shares, &source)
        var watch = DriftWatch(simulation.baseline)
        for _ in 0..<21 { _ = watch.judge(simulation.window(1000, Self.shares, &source)) }
        let moved = (0..<30).map { $0 < 15 ? movedDeciles(1) : Simulation.even }
        let first = try watch.verdict(simulation.window(1000, moved, &source))
        #expect(first.isGlobal)
        #expect(first.globalLevel == .ok)
        let second = try watch.verdict(simulation.window(1000, moved, &source))
        #expect(second.globalLevel == .warning)
    }
}
