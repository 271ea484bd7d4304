// SPDX-License-Identifier: Apache-2.0
internal import DriftDetection
internal import ModelDomain
package import ModelMonitoring
internal import Statistics

/// How traffic compares with what it is held against, as `GET /v1/endpoints/{endpoint}/drift` tells it.
package struct DriftV1: Codable, Sendable, Equatable {
    package struct Baseline: Codable, Sendable, Equatable {
        /// `training` or `traffic`.
        package let inputs: String
        package let outputs: String
        /// Of the inputs.
        package let rows: Int
        /// What that means; absent where all of it is of training data.
        package let note: String?
    }

    /// What has come since the last window.
    package struct Progress: Codable, Sendable, Equatable {
        package let rows: Int
        /// How many there have to be; absent where time decides.
        package let of: Int?
        /// RFC 3339: when it is over, where time decides.
        package let endsAt: String?
    }

    package let endpoint: String
    /// What answers: `churn@3`.
    package let version: String
    /// `waiting`, `learning`, `counting`, `insufficient`, `measuring` or `judged`.
    package let state: String
    /// What that means, in a sentence.
    package let message: String
    /// `ok`, `warning` or `critical`; absent where nothing was judged yet.
    package let level: String?
    /// What is judged together: `1h` or `1000rows`.
    package let window: String
    /// At most so many: `1/30d`.
    package let falseAlarms: String
    package let baseline: Baseline?
    package let open: Progress?
    /// The newest window with all columns.
    package let newest: DriftWindowV1?
    /// The newest first, without columns.
    package let history: [DriftWindowV1]

    package init(_ report: TrafficReport) {
        endpoint = report.endpoint.key.endpoint.rawValue
        version = report.endpoint.version
        state = report.state.rawValue
        message = Self.message(report)
        level = report.windows.first?.verdict.level.word
        window = report.endpoint.window.description
        falseAlarms = report.endpoint.falseAlarms.description
        baseline = report.baseline.map {
            Baseline(
                inputs: $0.inputOrigin.rawValue, outputs: $0.outputOrigin.rawValue, rows: $0.inputs.rows, note: $0.note)
        }
        open = report.open.map { open in
            Progress(
                rows: open.pane?.rows ?? 0,
                of: { if case .rows(let count) = report.endpoint.window { count } else { nil } }(),
                endsAt: open.end(report.endpoint.window)?.text)
        }
        newest = report.windows.first.map { DriftWindowV1($0, columnsOf: report.baseline) }
        history = report.windows.map { DriftWindowV1($0, columnsOf: nil) }
    }

    private static func message(_ report: TrafficReport) -> String {
        switch report.state {
        case .waiting: return "Nothing has come yet."
        case .learning:
            let (rows, of) = report.learning ?? (0, VersionMonitor.learnedRows)
            return "\(rows) of \(of) rows have come that what follows is held against."
        case .counting: return "The first window is being counted."
        case .insufficient, .measuring, .judged:
            switch report.windows.first?.verdict.state {
            case .insufficient(let missing): return "The newest window has \(missing) rows too few to say anything."
            case .measuringNoise(let windows, let of):
                return
                    "Data quality is judged. Drift is once it is known how much windows differ among themselves: "
                    + "\(windows) of \(of) comparisons."
            default: return "The newest window was judged."
            }
        }
    }
}

package struct DriftWindowV1: Codable, Sendable, Equatable {
    package let number: Int
    /// RFC 3339.
    package let start: String
    package let end: String
    package let rows: Int
    /// `ok`, `warning` or `critical`, after this and the windows before it.
    package let level: String
    /// So many columns at once that the pipeline is to be looked at first.
    package let global: Bool
    /// Columns whose level is not `ok`.
    package let drifting: [String]
    package let faulty: [String]
    /// Columns that drift slowly, which no window alone shows.
    package let slow: [String]
    package let columns: [DriftColumnV1]?

    /// - Parameter baseline: `nil` for a window without its columns.
    init(_ judged: JudgedWindow, columnsOf baseline: MonitorBaseline?) {
        let (window, verdict) = (judged.window, judged.verdict)
        number = window.number
        start = window.start.text
        end = window.end.text
        rows = verdict.rows
        level = verdict.level.word
        global = verdict.globalLevel != .ok
        drifting = verdict.columns.filter { $0.driftLevel != .ok }.map(\.name)
        faulty = verdict.columns.filter { $0.qualityLevel != .ok }.map(\.name)
        slow = verdict.slowDrift
        columns = baseline.flatMap { baseline in
            guard baseline.columns.count == verdict.columns.count,
                window.pane.columns.count == verdict.columns.count
            else { return nil }
            return verdict.columns.indices.map { place in
                DriftColumnV1(verdict.columns[place], baseline.columns[place], window.pane.columns[place])
            }
        }
    }
}

/// One column of a window beside its baseline.
package struct DriftColumnV1: Codable, Sendable, Equatable {
    package struct Fault: Codable, Sendable, Equatable {
        /// `missing`, `new_category`, `out_of_range`, `non_finite` or `type`.
        package let kind: String
        /// Shares of the rows.
        package let baselineRate: Double
        package let rate: Double
        /// By how much it rose at least.
        package let leastRise: Double
    }

    package struct Bin: Codable, Sendable, Equatable {
        package let label: String
        /// Shares of the rows.
        package let baseline: Double
        package let window: Double
    }

    package let name: String
    /// `input` or `output`.
    package let part: String
    package let rows: Int
    /// `ok`, `warning` or `critical`.
    package let drift: String
    package let quality: String
    /// Population stability index, and what is left of it without chance.
    package let stability: Double?
    package let adjustedStability: Double?
    package let pValue: Double?
    package let adjustedPValue: Double?
    package let overdispersion: Double
    package let faults: [Fault]
    package let bins: [Bin]

    init(_ verdict: ColumnVerdict, _ baseline: MonitorBaseline.Column, _ counts: MonitorPane.Counts) {
        name = verdict.name
        part = verdict.part.rawValue
        rows = verdict.rows
        drift = verdict.driftLevel.word
        quality = verdict.qualityLevel.word
        stability = verdict.stability
        adjustedStability = verdict.adjustedStability
        pValue = verdict.pValue
        adjustedPValue = verdict.adjustedPValue
        overdispersion = verdict.overdispersion
        faults = verdict.faults.map {
            Fault(kind: $0.kind.rawValue, baselineRate: $0.baselineRate, rate: $0.rate, leastRise: $0.leastRise)
        }
        bins = shares(baseline.column.profile, counts).map { Bin(label: $0.label, baseline: $0.before, window: $0.now) }
    }
}

extension Statistics.AlertLevel.Level {
    fileprivate var word: String {
        switch self {
        case .ok: "ok"
        case .warning: "warning"
        case .critical: "critical"
        }
    }
}
