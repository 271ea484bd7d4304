// SPDX-License-Identifier: Apache-2.0
package import Statistics

/// What a window of traffic says about a version.
package struct WindowVerdict: Codable, Sendable, Hashable {
    package enum State: Codable, Sendable, Hashable {
        /// Too few rows: so many more are needed.
        case insufficient(missingRows: Int)
        /// Data quality is judged; drift not before the noise of so many comparisons is known.
        case measuringNoise(windows: Int, of: Int)
        case judged
    }

    package let state: State
    package let rows: Int
    package let columns: [ColumnVerdict]
    /// So many inputs drifted at once that the pipeline, a unit or a time zone is to be looked at before any of them.
    package let isGlobal: Bool
    /// After this and the last two windows.
    package let globalLevel: Statistics.AlertLevel.Level
    /// Columns whose difference adds up over windows, though no window shows it.
    package let slowDrift: [String]
    /// Windows in a row, up to this one, that had too few rows: a day of them is worth a word.
    package let insufficientInARow: Int

    /// The worst of all levels.
    package var level: Statistics.AlertLevel.Level {
        let levels = columns.flatMap { [$0.driftLevel, $0.qualityLevel] } + [globalLevel]
        return max(levels.max() ?? .ok, slowDrift.isEmpty ? .ok : .warning)
    }
}
