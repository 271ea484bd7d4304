// SPDX-License-Identifier: Apache-2.0

/// When a window of traffic is held for different from its baseline.
package struct MonitorRules: Sendable, Hashable {
    /// Days between two false alarms of an endpoint, at least on average.
    package var falseAlarmDays = 30.0
    /// Windows that are judged each day.
    package var windowsPerDay = 24.0
    /// Fewer rows say nothing.
    package var minimumRows = 500
    /// Rows that depend on each other count for fewer; of those, too, there have to be some.
    package var minimumIndependentRows = 25.0
    /// Adjusted stability index from which a significant difference is a warning: a third of a standard deviation.
    package var stabilityWarning = 0.1
    /// Half a standard deviation.
    package var stabilityCritical = 0.25
    /// Mean adjusted index below which drift that adds up over windows is of no consequence.
    package var slowStability = 0.02
    /// Lower limits of how much the rate of bad values rose, as shares.
    package var rateWarning = 0.01
    package var rateCritical = 0.05
    /// More than this share of the columns, and at least three of them: the pipeline, and not the columns.
    package var globalShare = 0.3
    /// Comparisons of windows that the noise is measured in, before drift is judged.
    package var calibrationWindows = 20

    package init() {}

    /// How likely one window may raise a false alarm: one over the windows between two.
    package var level: Double { 1 / max(1, falseAlarmDays * windowsPerDay) }

    /// What each of drift, drift of answers, data quality and slow drift may use up of ``level``.
    var share: Double { level / 4 }
}
