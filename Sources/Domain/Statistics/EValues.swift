// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The e-value of a p-value: 1/(2√p), whose mean is at most 1 when nothing is the matter. A p-value that is no number says
/// nothing: e = ½ as for p = 1.
///
/// - SeeAlso: V. Vovk and R. Wang, “E-values: calibration, combination and applications”, 2021.
package func eValue(ofPValue pValue: Double) -> Double {
    1 / (2 * (pValue.isNaN ? 1 : min(1, max(pValue, 1e-300))).squareRoot())
}

/// Their mean is an e-value again, however the single ones depend on each other; `nil` without any.
package func meanEValue(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}

/// The tests that can be rejected together when an expected share of `level` false ones among them is allowed, however they
/// depend on each other: the k largest, for the largest k of which the k-th is at least F/(`level` · k).
///
/// - Parameter values: One e-value a test; shape `[F]`.
/// - Returns: Positions, ascending.
/// - SeeAlso: R. Wang and A. Ramdas, “False discovery rate control with e-values”, 2022.
package func eBenjaminiHochberg(_ values: [Double], level: Double) -> [Int] {
    let order = values.indices.filter { !values[$0].isNaN }
        .sorted { (values[$1], $0) < (values[$0], $1) }
    let count = Double(values.count)
    let rejected = order.indices.last { values[order[$0]] >= count / (level * Double($0 + 1)) }
    return order.prefix((rejected ?? -1) + 1).sorted()
}

/// Evidence against “nothing drifts” that is added up over windows and never falls below none: finds slow drift that no
/// single window shows.
///
/// log Mₜ = max(0, log Mₜ₋₁) + log eₜ. As long as nothing drifts, and each e-value is valid given the past, reaching log A
/// takes at least A windows on average. The two numbers are all there is to keep; ``init(logarithm:logProduct:)`` goes on.
///
/// - SeeAlso: J. Shin, A. Ramdas and A. Rinaldo, “E-detectors: a nonparametric framework for sequential change detection”,
///   2023.
package struct EvidenceSum: Sendable, Hashable {
    /// log Mₜ.
    package private(set) var logarithm: Double
    /// Sum of all log e: the evidence since the start, which rules out a change only once.
    package private(set) var logProduct: Double

    package init(logarithm: Double = 0, logProduct: Double = 0) {
        self.logarithm = logarithm.isNaN ? 0 : logarithm
        self.logProduct = logProduct.isNaN ? 0 : logProduct
    }

    /// - Parameter value: The window's e-value, at least 0; one that is no number is left out.
    package mutating func add(_ value: Double) {
        guard value >= 0 else { return }
        // An e-value of 0 or infinity would be the last word; the sums stay finite, so that they can be stored.
        let evidence = min(700, max(-700, log(value)))
        logarithm = max(0, logarithm) + evidence
        logProduct += evidence
    }

    /// - Parameter averageRunLength: A: windows between two false alarms, at least on average.
    package func isAlarming(averageRunLength: Double) -> Bool { logarithm >= log(averageRunLength) }

    /// Forgets what exceeds an alarm at `averageRunLength`, so that the evidence ends soon after what it was of.
    package mutating func bound(averageRunLength: Double) { logarithm = min(logarithm, log(averageRunLength)) }

    /// Starts again, after an alarm was dealt with.
    package mutating func reset() { self = EvidenceSum() }
}
