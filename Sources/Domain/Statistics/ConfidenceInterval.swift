// SPDX-License-Identifier: Apache-2.0

/// Limits between which a quantity lies, at a stated confidence.
package struct ConfidenceInterval: Sendable, Hashable {
    package let lower: Double
    package let upper: Double

    package init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    package var width: Double { upper - lower }

    /// The part of it within `limits`.
    func clipped(to limits: ClosedRange<Double>) -> ConfidenceInterval {
        ConfidenceInterval(
            lower: min(max(lower, limits.lowerBound), limits.upperBound),
            upper: min(max(upper, limits.lowerBound), limits.upperBound))
    }
}

extension Double {
    /// A number that is one: a quantity that overflowed, or is none, is undefined.
    var ifFinite: Double? { isFinite ? self : nil }
}
