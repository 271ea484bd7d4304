// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Tensors

/// What is to be explained, and how.
package struct ExplanationRequest: Sendable, Hashable {
    package enum Method: String, Sendable, CaseIterable {
        /// The first of the others that fits.
        case auto
        /// Shapley values that trees give by themselves.
        case trees
        /// Of a sum of functions of one column each, which linear models are.
        case additive
        /// By sampling orders of the columns.
        case sampled
    }

    /// The most rows of a request: each costs as much as hundreds of predictions.
    package static let rowLimit = 100
    package static let usualBudgetMilliseconds = 100

    /// Position of the output, and in one that is `[rows, n]` of the value; `nil` for the largest of each row.
    package let output: Int
    package let position: Int?
    package let method: Method
    /// How long sampling may take for each row.
    package let budgetMilliseconds: Int

    /// - Parameter options: `output` (`NAME` or `NAME[i]`), `method` and `budget`, as people write them.
    /// - Throws: `IN-010` or `IN-002`, with what there is.
    package init(_ options: [(name: String, value: String)], of signature: Signature) throws(Refusal) {
        var output: String?
        var method = Method.auto
        var budget = Self.usualBudgetMilliseconds
        for (name, value) in options {
            switch name {
            case "output": output = value
            case "method":
                guard let known = Method(rawValue: value) else {
                    throw Self.refused(
                        "There is no method “\(value.prefix(40))”.", "Use auto, trees, additive or sampled.")
                }
                method = known
            case "budget":
                guard let span = TimeSpan(value), span.nanoseconds <= 60_000_000_000 else {
                    throw Self.refused(
                        "The budget “\(value.prefix(40))” is no time of at most a minute.",
                        "Write it as \(TimeSpan.form).")
                }
                budget = max(1, span.nanoseconds / 1_000_000)
            default:
                throw Self.refused(
                    "An explanation has no option “\(name.prefix(40))”.", "It has output, method and budget.")
            }
        }
        let explainable = signature.outputs.indices.filter { signature.outputs[$0].isExplainable }
        let named = explainable.map { "“\(signature.outputs[$0].name)”" }.joined(separator: ", ")
        let found: (index: Int, position: Int?)
        if let output {
            let (name, position) = nameAndPosition(output)
            guard let index = signature.outputs.firstIndex(where: { $0.name == name }) else {
                throw Refusal(
                    .unknownName, .invalidInput, "The model has no output “\(name.prefix(100))”.",
                    hint: explainable.isEmpty
                        ? "None of its outputs is a number." : "What can be explained is \(named).")
            }
            guard explainable.contains(index) else {
                throw Self.refused(
                    "“\(name)” is no number with a fraction, so nothing adds up to it.",
                    explainable.isEmpty ? "None of the model's outputs is." : "Explain \(named) instead.")
            }
            if let position, !(0..<(signature.outputs[index].shape.dropFirst().first?.size ?? 1)).contains(position) {
                throw Self.refused(
                    "“\(name)” has no value \(position).", "It is \(signature.outputs[index].shapeDescription).")
            }
            found = (index, position)
        } else {
            guard let index = explainable.first else {
                throw Self.refused(
                    "None of the model's outputs is a number with a fraction, so nothing adds up to one.",
                    "Have the model give a score beside its labels.")
            }
            found = (index, nil)
        }
        self.output = found.index
        let width = signature.outputs[found.index].shape.dropFirst().first?.size
        // Of two classes the second one; else that of the row's own answer.
        self.position = found.position ?? (width == 2 ? 1 : width == 1 ? 0 : nil)
        self.method = method
        budgetMilliseconds = budget
    }

    private static func refused(_ message: String, _ hint: String) -> Refusal {
        Refusal(.unsupportedOption, .invalidInput, message, hint: hint)
    }
}

extension TensorSpec {
    /// Whether it is a number a row, or a few of them.
    fileprivate var isExplainable: Bool {
        datatype.isFloatingPoint && (1...2).contains(shape.count) && shape[0].size == nil
            && shape.dropFirst().allSatisfy { $0.size != nil }
    }
}

private func nameAndPosition(_ text: String) -> (name: String, position: Int?) {
    guard text.hasSuffix("]"), let open = text.lastIndex(of: "["),
        let position = Int(text[text.index(after: open)...].dropLast())
    else { return (text, nil) }
    return (String(text[..<open]), position)
}
