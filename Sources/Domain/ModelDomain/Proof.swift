// SPDX-License-Identifier: Apache-2.0

/// Where recorded answers come from.
package enum ExampleOrigin: String, Sendable, Hashable, CaseIterable {
    /// From the code the model was trained with: agreement with them is proof of equal behaviour.
    case original
    /// From Slipway itself, for want of an original: they show only that nothing changed since packing.
    case recordedBySlipway = "self"

    /// What every place that shows the proof says.
    package var proofWord: String { self == .original ? "proven" : "not proven" }
}

/// How far an answer may lie from the recorded one.
package struct Tolerance: Sendable, Hashable {
    /// Largest difference, in the output's own unit, that is always accepted.
    package let absolute: Double
    /// Largest difference as a share of the recorded value.
    package let relative: Double
    /// Whether labels, integers and texts must be equal, and the largest class score be the same one.
    package let sameDecision: Bool

    package init(absolute: Double, relative: Double, sameDecision: Bool) {
        self.absolute = absolute
        self.relative = relative
        self.sameDecision = sameDecision
    }

    /// For float32 models; MONITORING, output parity.
    package static let standard = Tolerance(absolute: 1e-5, relative: 1e-4, sameDecision: true)
}

/// How many of the examples a start replays.
package enum ReplayCount: Sendable, Hashable {
    case all
    case atMost(Int)

    package func limit(_ count: Int) -> Int {
        switch self {
        case .all: count
        case .atMost(let limit): min(limit, count)
        }
    }
}
