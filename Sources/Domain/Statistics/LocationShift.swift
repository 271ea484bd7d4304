// SPDX-License-Identifier: Apache-2.0

/// By how much the values of one time series lie above those of another, judged as Kayenta judges a metric of a canary:
/// the interval of shifts that the test of Mann and Whitney does not reject.
///
/// The tolerance is a share of the estimated shift itself, hence no margin for what matters: with little noise, two
/// parts in a thousand are high.
///
/// - SeeAlso: Spinnaker, *Kayenta*, `MannWhitneyClassifier`.
package struct LocationShift: Sendable, Hashable {
    package enum Classification: Sendable, Hashable { case noData, pass, high, low }
    package enum Direction: Sendable, Hashable { case increase, decrease, either }

    package let classification: Classification
    /// `nil` where nothing had to be computed: no data, or the same values on both sides.
    package let interval: ConfidenceInterval?
    /// The shift that leaves both sides equal; `nil` likewise.
    package let estimate: Double?

    /// - Parameters:
    ///   - control: What is not finite is left out; shape `[points]`.
    ///   - experiment: Likewise.
    ///   - confidence: Of the interval, within (0, 1).
    ///   - tolerance: Share of the estimate that a limit has to be beyond.
    ///   - direction: What is bad.
    /// - Returns: `nil` when `confidence` is not within (0, 1), or a difference is more than a double holds.
    /// - Complexity: O(n log n) for each of some ten to a hundred shifts.
    package init?(
        control: [Double], experiment: [Double], confidence: Double = 0.98, tolerance: Double = 0.25,
        direction: Direction = .either
    ) {
        guard let z = NormalDistribution.twoSidedQuantile(confidence: confidence) else { return nil }
        let control = control.filter(\.isFinite).sorted()
        let experiment = experiment.filter(\.isFinite).sorted()
        let all = control + experiment
        if let least = all.min(), let most = all.max(), !(most - least).isFinite { return nil }
        if control.isEmpty || experiment.isEmpty || control == experiment || all.allSatisfy({ $0 == all[0] }) {
            classification = control.isEmpty || experiment.isEmpty ? .noData : .pass
            (interval, estimate) = (nil, nil)
            return
        }
        let found = ConfidenceInterval(
            lower: shift(experiment, control, at: z), upper: shift(experiment, control, at: -z))
        let middle = shift(experiment, control, at: 0)
        let bound = tolerance * abs(middle)
        if direction != .decrease, found.lower > bound {
            classification = .high
        } else if direction != .increase, found.upper < -bound {
            classification = .low
        } else {
            classification = .pass
        }
        (interval, estimate) = (found, middle)
    }
}

/// The shift of `experiment` at which the test against `control` has the statistic `z`.
private func shift(_ experiment: [Double], _ control: [Double], at z: Double) -> Double {
    let least = experiment[0] - control[control.count - 1]
    let most = experiment[experiment.count - 1] - control[0]
    func excess(_ shift: Double) -> Double { mannWhitneyZ(experiment, less: shift, control) - z }
    // Both constant: only one shift is possible.
    guard least < most else { return least }
    if excess(least) <= 0 { return least }
    if excess(most) >= 0 { return most }
    return root(between: least, and: most, tolerance: 1e-12, of: excess) ?? least
}

/// The statistic of Mann and Whitney of ascending values less `shift`, corrected for ties and by ½ for continuity.
private func mannWhitneyZ(_ experiment: [Double], less shift: Double, _ control: [Double]) -> Double {
    let values = experiment.map { $0 - shift } + control
    let ranks = midranks(values)
    let (n, m) = (Double(experiment.count), Double(control.count))
    let distance = ranks.prefix(experiment.count).reduce(0, +) - n * (n + 1) / 2 - n * m / 2
    var tied: [Double: Double] = [:]
    for rank in ranks { tied[rank, default: 0] += 1 }
    // Whole numbers: their sum does not depend on its order.
    let ties = tied.values.reduce(0) { $0 + ($1 * $1 * $1 - $1) }
    let variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)))
    guard variance > 0 else { return 0 }
    let corrected = distance == 0 ? 0 : distance - (distance > 0 ? 0.5 : -0.5)
    return corrected / variance.squareRoot()
}
