// SPDX-License-Identifier: Apache-2.0

/// Where a statistic usually lies: the mean of its values over parts of the reference, a number of standard deviations to
/// either side, within what the statistic can be.
package struct ReferenceThresholds: Sendable, Hashable {
    /// `nil` where there is no limit, or no value to tell it from.
    package let lower: Double?
    package let upper: Double?

    /// - Parameters:
    ///   - values: One a part; what is not finite is left out.
    ///   - deviationsBelow: Population standard deviations from the mean down; `nil` for no limit.
    ///   - deviationsAbove: Likewise up.
    ///   - least: The least that the statistic can be, if there is one.
    ///   - largest: The most.
    package init(
        of values: [Double], deviationsBelow: Double? = 3, deviationsAbove: Double? = 3, least: Double? = nil,
        largest: Double? = nil
    ) {
        let moments = values.reduce(into: Moments()) { $0.add($1) }
        guard let mean = moments.mean, let variance = moments.populationVariance else {
            (lower, upper) = (nil, nil)
            return
        }
        let deviation = variance.squareRoot()
        lower = deviationsBelow.map { max(mean - $0 * deviation, least ?? -.infinity) }
        upper = deviationsAbove.map { min(mean + $0 * deviation, largest ?? .infinity) }
    }
}
