// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Statistics

/// How one column of a window compares with its baseline.
package struct ColumnVerdict: Codable, Sendable, Hashable {
    package let part: MonitorBaseline.Part
    package let name: String
    /// Values that were counted.
    package let rows: Int
    /// Rows that are missing before anything can be said; 0 where it can.
    package let missingRows: Int
    /// Population stability index, and what is left of it without what chance makes; `nil` without enough rows.
    package let stability: Double?
    package let adjustedStability: Double?
    /// How likely chance makes such a difference; and the same among so many columns.
    package let pValue: Double?
    package internal(set) var adjustedPValue: Double?
    /// What the test was divided by, for rows that depend on each other.
    package let overdispersion: Double
    /// This window's drift alone.
    package internal(set) var drift: Statistics.AlertLevel.Window
    /// Of this and the last two windows.
    package internal(set) var driftLevel: Statistics.AlertLevel.Level = .ok
    /// Kinds of bad values whose rate rose, the worst first.
    package let faults: [QualityFault]
    package internal(set) var qualityLevel: Statistics.AlertLevel.Level = .ok
    /// What the stability index exceeds the chance of this window's own rows by, not cut off at 0; and its degrees of freedom.
    let excess: Excess?

    struct Excess: Codable, Sendable, Hashable {
        let value: Double
        let degreesOfFreedom: Int
    }

    /// The worst of this window's faults, as a level counts it.
    var quality: Statistics.AlertLevel.Window {
        guard rows > 0, missingRows == 0 else { return .insufficient }
        return faults.contains(where: \.isCritical) ? .critical : faults.isEmpty ? .clean : .violating
    }
}

extension ColumnVerdict {
    /// - Parameters:
    ///   - noise: `nil` while it is still measured: then drift is not judged.
    ///   - tests: Rates that are looked at in this window.
    init(
        _ column: MonitorBaseline.Column, _ counts: MonitorPane.Counts, noise: Noise?, tests: Int,
        rules: MonitorRules
    ) {
        let (reference, current) = (column.column.profile.distribution, counts.distribution)
        let factor = noise?.factor ?? 1
        part = column.part
        name = column.name
        // Counts that were added up beyond what a number holds say nothing.
        rows = max(0, counts.rows)
        overdispersion = factor
        let needed = max(rules.minimumRows, Int(min(1e9, rules.minimumIndependentRows * factor).rounded(.up)))
        missingRows = max(0, needed - rows)
        adjustedPValue = nil
        drift = .insufficient
        guard missingRows == 0, let distance = CountDistance(reference: reference, current: current) else {
            (stability, adjustedStability, pValue, excess) = (nil, nil, nil, nil)
            faults = []
            return
        }
        stability = distance.stability
        adjustedStability = distance.adjustedStability(overdispersion: factor)
        let valued = current.reduce(0.0) { $0 + Double($1) }
        let freedom = distance.occupiedBins - 1
        excess = Excess(value: distance.stability - Double(freedom) * factor / valued, degreesOfFreedom: freedom)
        if let noise, let test = HomogeneityTest(merging: reference, current, expecting: 5 * factor) {
            // Pearson's is too eager where a bin has few rows, the G test where it has too few: both have to say so.
            pValue = noise.pValue(min(test.chiSquare, test.g), degreesOfFreedom: test.degreesOfFreedom)
            drift = .clean
        } else {
            pValue = nil
        }
        let confidence = 1 - 2 * rules.share / Double(max(1, tests))
        faults = rates(column.column.profile, counts)
            .compactMap { QualityFault($0, noise: factor, confidence: confidence, rules: rules) }
            .sorted { $0.leastRise > $1.leastRise }
    }
}
