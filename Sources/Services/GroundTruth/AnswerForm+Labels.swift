// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

extension AnswerForm {
    /// What a label means: a class, or a number as text.
    ///
    /// - Throws: `LBL-001` for one of another kind, or a class that the model does not have.
    package func truth(of label: GivenLabel) throws(Refusal) -> String {
        kind.hasClasses ? try className(label) : try number(label)
    }

    private func number(_ label: GivenLabel) throws(Refusal) -> String {
        guard label.kind == .number || label.kind == .cell, let value = Double(label.text), value.isFinite,
            kind != .ranking || value >= 0
        else {
            throw refused(
                label, kind == .ranking ? "a relevance of 0 or more" : "a number", "The model answers with numbers.")
        }
        return GivenLabel.text(of: value)
    }

    private func className(_ label: GivenLabel) throws(Refusal) -> String {
        let names = candidates(label)
        if let known = names.first(where: { place(of: $0) != nil }) { return known }
        guard isOpen, let name = names.first else {
            throw refused(label, listed, "It has to be one of the model's classes.")
        }
        return name
    }

    /// The classes that a label may mean, the likeliest first; none where it is of another kind.
    private func candidates(_ label: GivenLabel) -> [String] {
        let number = Double(label.text).flatMap { $0.isFinite ? GivenLabel.text(of: $0) : nil }
        switch classType {
        case .text: return label.kind == .text || label.kind == .cell ? [label.text] : []
        case .boolean:
            switch label.kind {
            case .boolean: return [label.text]
            case .number, .cell:
                let word = label.text.lowercased()
                return word == "true" || number == "1" ? ["true"] : word == "false" || number == "0" ? ["false"] : []
            case .text: return []
            }
        case .number:
            let truth = label.text.lowercased()
            let asNumber = truth == "true" ? "1" : truth == "false" ? "0" : nil
            switch label.kind {
            case .number: return number.map { [$0] } ?? []
            case .boolean: return asNumber.map { [$0] } ?? []
            case .cell: return (number ?? asNumber).map { [$0] } ?? []
            case .text: return []
            }
        }
    }

    private var listed: String {
        let known = classes.compactMap(\.self)
        guard !known.isEmpty else { return "a class, as \(classType.rawValue)" }
        let shown = known.prefix(20).map { classType == .text ? "“\($0)”" : $0 }.joined(separator: ", ")
        return known.count > 20 ? "\(shown), …" : shown
    }

    private func refused(_ label: GivenLabel, _ takes: String, _ hint: String) -> Refusal {
        let shown = label.kind == .text ? "“\(label.text.prefix(40))”" : String(label.text.prefix(40))
        return Refusal(
            .labelRefused, .invalidInput, "The label is \(shown), and takes \(takes).", hint: hint,
            details: [.init("field", "label")])
    }
}
