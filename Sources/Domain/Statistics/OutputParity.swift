// SPDX-License-Identifier: Apache-2.0

/// How far served numbers lie from recorded ones.
///
/// A number agrees when |actual − expected| ≤ absolute + relative · |expected|; NaN agrees with NaN, an infinity with the
/// same infinity.
package struct OutputParity: Sendable, Hashable {
    package let lengthsDiffer: Bool
    /// Positions that do not agree, ascending; empty when the lengths differ.
    package let failures: [Int]
    /// Largest |actual − expected| over positions where both are finite.
    package let largestAbsolute: Double
    /// Largest |actual − expected| / |expected| over the same positions, those with an expected 0 left out.
    package let largestRelative: Double
    /// Positions where one is finite and the other is not, or both are not and differ.
    package let nonFiniteMismatches: Int

    package var agrees: Bool { !lengthsDiffer && failures.isEmpty }

    package init(expected: [Double], actual: [Double], absolute: Double, relative: Double) {
        lengthsDiffer = expected.count != actual.count
        var failures: [Int] = []
        var largestAbsolute = 0.0
        var largestRelative = 0.0
        var nonFinite = 0
        for (index, (expected, actual)) in zip(expected, actual).enumerated() where !lengthsDiffer {
            guard expected.isFinite, actual.isFinite else {
                if expected != actual, !(expected.isNaN && actual.isNaN) {
                    nonFinite += 1
                    failures.append(index)
                }
                continue
            }
            let difference = abs(actual - expected)
            largestAbsolute = max(largestAbsolute, difference)
            if expected != 0 { largestRelative = max(largestRelative, difference / abs(expected)) }
            if difference > absolute + relative * abs(expected) { failures.append(index) }
        }
        self.failures = failures
        self.largestAbsolute = largestAbsolute
        self.largestRelative = largestRelative
        nonFiniteMismatches = nonFinite
    }
}
