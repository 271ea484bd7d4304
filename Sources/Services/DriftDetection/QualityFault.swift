// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics

/// A kind of bad values that a column has more of than its baseline.
package struct QualityFault: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        case missing
        /// Not one of the baseline's categories, or not of those that it lists.
        case newCategory = "new_category"
        /// Beyond the least and the largest value of the baseline.
        case outOfRange = "out_of_range"
        /// Infinities.
        case nonFinite = "non_finite"
        /// Of another type.
        case type
    }

    package let kind: Kind
    /// Shares of the rows.
    package let baselineRate: Double
    package let rate: Double
    /// By how much the rate rose at least: Newcombe's lower limit.
    package let leastRise: Double
    package let isCritical: Bool

    /// - Returns: `nil` where it did not rise by enough.
    init?(_ rates: QualityRates, noise: Double, confidence: Double, rules: MonitorRules) {
        // Rows that depend on each other count for as many independent ones.
        func effective(_ count: Int, _ factor: Double) -> Int {
            Int(exactly: (Double(count) / factor).rounded()) ?? .max
        }
        let (all, bad) = (effective(rates.current.rows, noise), effective(rates.current.bad, noise))
        guard let reference = Proportion(rates.reference.bad, of: rates.reference.rows),
            let current = Proportion(min(all, bad), of: all),
            let lower = ProportionDifference(reference, current).newcombe(confidence: confidence)?.lower,
            lower >= rules.rateWarning
        else { return nil }
        kind = rates.kind
        baselineRate = reference.rate
        rate = Double(rates.current.bad) / Double(max(1, rates.current.rows))
        leastRise = lower
        isCritical = lower >= rules.rateCritical
    }
}

struct QualityRates {
    let kind: QualityFault.Kind
    let reference: (bad: Int, rows: Int)
    let current: (bad: Int, rows: Int)
}

/// What can be bad of a column, before and now.
func rates(_ profile: Baseline.Profile, _ counts: MonitorPane.Counts) -> [QualityRates] {
    switch (profile, counts) {
    case (.numeric(let profile), .bins(let counts)):
        let finite = profile.count - profile.missing
        let valued = counts.bins.reduce(0, &+)
        return [
            QualityRates(
                kind: .missing, reference: (profile.missing, profile.count), current: (counts.missing, counts.rows)),
            QualityRates(kind: .type, reference: (0, profile.count), current: (counts.typeErrors, counts.rows)),
            QualityRates(
                kind: .nonFinite, reference: (profile.positiveInfinities + profile.negativeInfinities, finite),
                current: (counts.positiveInfinities + counts.negativeInfinities, valued)),
            QualityRates(
                kind: .outOfRange, reference: (0, finite),
                current: (counts.belowMinimum + counts.aboveMaximum, valued)),
        ]
    case (.categorical(let profile), .categories(let counts)):
        return [
            QualityRates(
                kind: .missing, reference: (profile.missing, profile.count), current: (counts.missing, counts.rows)),
            QualityRates(kind: .type, reference: (0, profile.count), current: (counts.typeErrors, counts.rows)),
            QualityRates(
                kind: .newCategory, reference: (profile.other, profile.count - profile.missing),
                current: (counts.other, counts.known.reduce(0, &+) + counts.other)),
        ]
    default: return []
    }
}

extension Baseline.Profile {
    var distribution: [Int] {
        switch self {
        case .numeric(let profile): profile.distribution
        case .categorical(let profile): profile.distribution
        }
    }
}
