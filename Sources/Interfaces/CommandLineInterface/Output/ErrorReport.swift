// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import WireTypes

extension Console {
    /// Prints what went wrong and what to do next; as JSON for programs.
    func report(_ explanation: Explanation, asJSON: Bool) {
        guard asJSON, let text = try? jsonText(ProblemV1(explanation)) else {
            note(errorText(explanation))
            return
        }
        note(text)
    }
}

/// The sentence and the next step, the facts below, and where to read more.
func errorText(_ explanation: Explanation) -> String {
    var lines = ["error: \(explanation.line.printable)"]
    lines += detailLines(explanation).map { "  \($0)" }
    lines.append("more: \(explanation.code.page)")
    return lines.joined(separator: "\n")
}

/// One line a fact; a fact that says itself what it is of goes without its name.
func detailLines(_ explanation: Explanation) -> [String] {
    explanation.details.map { detail in
        (detail.value.hasPrefix(detail.name) ? detail.value : "\(detail.name): \(detail.value)").printable
    }
}
