// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What a replay of the recorded examples found.
package struct ProofVerdict: Sendable, Hashable {
    /// One recorded answer that the engine did not reproduce.
    package struct Difference: Sendable, Hashable {
        /// The example, counted from 0.
        package let row: Int
        package let output: String
        package let expected: String
        package let actual: String
        /// Largest absolute difference in this output, where it is a number.
        package let largest: Double?

        package init(row: Int, output: String, expected: String, actual: String, largest: Double?) {
            self.row = row
            self.output = output
            self.expected = expected
            self.actual = actual
            self.largest = largest
        }

        package var line: String {
            "row \(row), \(output): expected \(expected), got \(actual)"
                + (largest.map { ", off by up to \(rounded($0))" } ?? "")
        }
    }

    package let origin: ExampleOrigin
    package let tolerance: Tolerance
    /// Examples that were replayed; 0 when none were recorded.
    package let replayed: Int
    package let recorded: Int
    /// Largest absolute difference over all numbers, also where it was within tolerance.
    package let largestDifference: Double
    /// Examples that differ, of which ``differences`` holds the first few.
    package let differingRows: Int
    package let differences: [Difference]

    package init(
        origin: ExampleOrigin, tolerance: Tolerance, replayed: Int, recorded: Int, largestDifference: Double,
        differingRows: Int, differences: [Difference]
    ) {
        self.origin = origin
        self.tolerance = tolerance
        self.replayed = replayed
        self.recorded = recorded
        self.largestDifference = largestDifference
        self.differingRows = differingRows
        self.differences = differences
    }

    package var holds: Bool { differingRows == 0 }

    /// Whether agreement was shown with the original, as against with itself or with nothing.
    package var isProven: Bool { holds && origin == .original && replayed > 0 }

    /// `proven: 114 of 114 examples agree, largest difference 3e-07`.
    package var line: String {
        guard replayed > 0 else { return "not proven: no examples were recorded" }
        guard holds else { return "refused: \(differingRows) of \(replayed) examples differ" }
        return "\(origin.proofWord): \(replayed) of \(recorded) examples agree, "
            + "largest difference \(rounded(largestDifference))"
            + (origin == .original ? "" : " (recorded by Slipway itself, not by the original)")
    }
}

/// A size to two significant digits: `1.8e-07`, `0.5`.
private func rounded(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return value == 0 ? "0" : "\(value)" }
    var scale = 1.0
    var digits = value
    while digits >= 100 {
        digits /= 10
        scale *= 10
    }
    while digits < 10 {
        digits *= 10
        scale *= 10
    }
    let whole = digits.rounded()
    return "\(value >= 100 ? whole * scale : whole / scale)"
}
