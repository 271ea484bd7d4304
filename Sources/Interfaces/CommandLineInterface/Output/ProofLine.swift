// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution

extension ProofVerdict {
    /// `✓ proven: 114 of 114 examples agree, …`, or `not proven: …`.
    var checkedLine: String { (isProven ? "✓ " : "") + line }
}
