// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics

/// Judges the windows of a version, one after another, each once: what a window says depends on those before it.
///
/// Everything that is remembered between two windows is in here. Windows of another length have a watch of their own.
package struct DriftWatch: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        var drift = Statistics.AlertLevel()
        var quality = Statistics.AlertLevel()
        /// Of the windows of the present run of ``evidence``, added up: what the stability index exceeds chance by.
        var excess = 0.0
        /// Windows of that run.
        var windows = 0
    }

    package let baseline: MonitorBaseline
    /// Of the windows that come.
    package var rules: MonitorRules
    var columns: [Column]
    var noise: NoiseMeasure
    var global = Statistics.AlertLevel()
    var evidence = EvidenceSum()

    package init(_ baseline: MonitorBaseline, rules: MonitorRules = MonitorRules()) {
        self.baseline = baseline
        self.rules = rules
        columns = baseline.columns.map { _ in Column() }
        noise = NoiseMeasure(columnCount: baseline.columns.count)
    }

    /// - Parameter window: Counted over this baseline; not one that was judged before.
    /// - Returns: `nil` for one that was counted over another.
    package mutating func judge(_ window: MonitorPane) -> WindowVerdict? {
        guard window.fingerprint == baseline.fingerprint, window.columns.count == columns.count else { return nil }
        let isMeasured = noise.windows >= rules.calibrationWindows
        let tests = baseline.columns.reduce(0) { $0 + $1.rateCount }
        var verdicts = baseline.columns.enumerated().map { place, column in
            ColumnVerdict(
                column, window.columns[place], noise: isMeasured ? noise.noise(of: place) : nil, tests: tests,
                rules: rules)
        }
        guard window.rows >= rules.minimumRows else {
            global.record(.insufficient)
            for place in columns.indices {
                columns[place].drift.record(.insufficient)
                columns[place].quality.record(.insufficient)
            }
            return verdict(
                .insufficient(missingRows: rules.minimumRows - max(0, window.rows)), window, verdicts, false, [])
        }
        for place in columns.indices { columns[place].quality.record(verdicts[place].quality) }
        guard isMeasured else {
            global.record(.clean)
            // What is broken is no measure of noise.
            if !verdicts.contains(where: { $0.quality == .critical }) { noise.add(window) }
            let state = WindowVerdict.State.measuringNoise(windows: noise.windows, of: rules.calibrationWindows)
            return verdict(state, window, verdicts, false, [])
        }
        for part in [MonitorBaseline.Part.input, .output] { adjust(&verdicts, part) }
        for place in columns.indices { columns[place].drift.record(verdicts[place].drift) }
        let isGlobal = isGlobal(verdicts)
        global.record(isGlobal ? .violating : .clean)
        return verdict(.judged, window, verdicts, isGlobal, addEvidence(of: verdicts))
    }

    /// Holds the columns of a part against its share of the false alarms, all of them together.
    private func adjust(_ verdicts: inout [ColumnVerdict], _ part: MonitorBaseline.Part) {
        let places = verdicts.indices.filter { verdicts[$0].part == part && verdicts[$0].pValue != nil }
        let adjusted = MultipleTests(places.map { verdicts[$0].pValue ?? 1 }).benjaminiHochberg
        for (place, pValue) in zip(places, adjusted) {
            verdicts[place].adjustedPValue = pValue
            guard pValue <= rules.share, let stability = verdicts[place].adjustedStability else { continue }
            if stability >= rules.stabilityCritical {
                verdicts[place].drift = .critical
            } else if stability >= rules.stabilityWarning {
                verdicts[place].drift = .violating
            }
        }
    }

    private func isGlobal(_ verdicts: [ColumnVerdict]) -> Bool {
        let judged = verdicts.filter { $0.part == .input && $0.drift != .insufficient }
        let drifted = judged.count { $0.drift != .clean }
        return drifted >= 3 && Double(drifted) > rules.globalShare * Double(judged.count)
    }

    /// - Returns: Columns that drift slowly.
    private mutating func addEvidence(of verdicts: [ColumnVerdict]) -> [String] {
        guard let value = meanEValue(verdicts.compactMap(\.pValue).map { eValue(ofPValue: $0) }) else { return [] }
        if evidence.logarithm <= 0 {
            for place in columns.indices { (columns[place].excess, columns[place].windows) = (0, 0) }
        }
        evidence.add(value)
        let averageRunLength = 1 / rules.share
        // Not more than some quiet windows take away again.
        evidence.bound(averageRunLength: 50 * averageRunLength)
        for (place, verdict) in verdicts.enumerated() {
            guard let excess = verdict.excess else { continue }
            columns[place].excess += excess.value
            columns[place].windows += 1
        }
        guard evidence.isAlarming(averageRunLength: averageRunLength) else { return [] }
        return verdicts.indices.filter { isSlowDrift(verdicts[$0], $0) }.map { verdicts[$0].name }
    }

    /// Whether the mean difference of a run is of consequence, and no mere error of the baseline, which is a sample, too.
    private func isSlowDrift(_ verdict: ColumnVerdict, _ place: Int) -> Bool {
        let column = columns[place]
        guard let freedom = verdict.excess?.degreesOfFreedom, freedom > 0, column.windows > 0 else { return false }
        let rows = baseline.columns[place].column.profile.distribution.reduce(0, &+)
        let mean = column.excess / Double(column.windows)
        let byChance = ChiSquareDistribution.survival(
            mean * Double(rows) / verdict.overdispersion, degreesOfFreedom: freedom)
        return mean >= rules.slowStability && (byChance ?? 1) <= rules.share / Double(columns.count)
    }

    private func verdict(
        _ state: WindowVerdict.State, _ window: MonitorPane, _ verdicts: [ColumnVerdict], _ isGlobal: Bool,
        _ slowDrift: [String]
    ) -> WindowVerdict {
        var verdicts = verdicts
        for place in verdicts.indices {
            verdicts[place].driftLevel = columns[place].drift.level
            verdicts[place].qualityLevel = columns[place].quality.level
        }
        return WindowVerdict(
            state: state, rows: window.rows, columns: verdicts, isGlobal: isGlobal, globalLevel: global.level,
            slowDrift: slowDrift, insufficientInARow: global.insufficientInARow)
    }
}

extension MonitorBaseline.Column {
    /// Rates of bad values that a window of it has.
    fileprivate var rateCount: Int {
        switch column.profile {
        case .numeric: 4
        case .categorical: 3
        }
    }
}
