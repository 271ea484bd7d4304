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
                + (largest.map { ", off by up to \($0)" } ?? "")
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

    /// `proven: 114 of 114 examples agree, largest difference 3.0e-07`.
    package var line: String {
        guard replayed > 0 else { return "not proven: no examples were recorded" }
        guard holds else { return "refused: \(differingRows) of \(replayed) examples differ" }
        return "\(origin.proofWord): \(replayed) of \(recorded) examples agree, "
            + "largest difference \(largestDifference)"
            + (origin == .original ? "" : " (recorded by Slipway itself, not by the original)")
    }
}
