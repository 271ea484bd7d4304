// SPDX-License-Identifier: Apache-2.0

/// Whether outputs behave as they must when inputs are changed in a way whose effect is known.
///
/// - SeeAlso: M. Ribeiro et al., “Beyond accuracy: behavioral testing of NLP models with CheckList”, 2020.
package struct MetamorphicTest: Sendable, Hashable {
    /// Rows that do not, ascending.
    package let failures: [Int]
    package let rows: Int

    package var failureRate: Proportion? { Proportion(failures.count, of: rows) }

    /// A class, and how confident the model is of it.
    package struct Decision: Sendable, Hashable {
        package let label: Int
        package let confidence: Double

        package init(label: Int, confidence: Double) {
            self.label = label
            self.confidence = confidence
        }
    }

    /// The class must not change, unless the confidence changes by at most `tolerance`: the row was on the edge.
    package init(invariant original: [Decision], _ perturbed: [Decision], tolerance: Double) {
        self.init(original, perturbed) { $0.label == $1.label || abs($0.confidence - $1.confidence) <= tolerance }
    }

    /// The number must not change by more than `tolerance`.
    package init(invariant original: [Double], _ perturbed: [Double], tolerance: Double) {
        self.init(original, perturbed) { abs($0 - $1) <= tolerance }
    }

    /// The number must not fall by more than `tolerance`.
    package init(increasing original: [Double], _ perturbed: [Double], tolerance: Double) {
        self.init(original, perturbed) { $1 - $0 + tolerance >= 0 }
    }

    /// A NaN makes every comparison false, hence its row a failure.
    private init<Output>(_ original: [Output], _ perturbed: [Output], holds: (Output, Output) -> Bool) {
        precondition(original.count == perturbed.count)
        rows = original.count
        failures = zip(original, perturbed).enumerated().filter { !holds($0.element.0, $0.element.1) }.map(\.offset)
    }
}
