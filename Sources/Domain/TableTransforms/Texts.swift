// SPDX-License-Identifier: Apache-2.0
internal import Tensors

func buildLower(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try addTextChange(.lower, fields, &builder)
}

func buildUpper(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try addTextChange(.upper, fields, &builder)
}

func buildStrip(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try addTextChange(.strip, fields, &builder)
}

private func addTextChange(
    _ change: ChangeTexts.Change, _ fields: OperationFields, _ builder: inout ProgramBuilder
) throws(TableFault) {
    try fields.require()
    let slots = try builder.texts(of: try fields.columns())
    builder.operations.append(ChangeTexts(slots: slots, change: change))
}

struct ChangeTexts: TableOperation {
    enum Change: Sendable { case lower, upper, strip }

    let slots: [Int]
    let change: Change

    func run(_ table: inout WorkTable) {
        for slot in slots {
            let column = table.texts[slot]
            let texts = (0..<table.rowCount).map { row in
                let text = column.text(row)
                return switch change {
                case .lower: lowercased(text)
                case .upper: String(text.unicodeScalars.flatMapText(\.properties.uppercaseMapping))
                case .strip: stripped(text)
                }
            }
            table.texts[slot] = TextColumn(Tensor(strings: texts, shape: [texts.count]))
        }
    }

    var flows: [SlotFlow] { slots.map { SlotFlow(texts: [$0], targets: [], textTargets: [$0]) } }
}

extension String.UnicodeScalarView {
    fileprivate func flatMapText(_ mapping: (Unicode.Scalar) -> String) -> String {
        var text = ""
        for scalar in self { text.unicodeScalars.append(contentsOf: mapping(scalar).unicodeScalars) }
        return text
    }
}

/// As Python's `str.lower`: by Unicode's full mapping, and a capital sigma at the end of a word becomes a final one.
func lowercased(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text.lowercased() }
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
        guard scalar == "Σ" else {
            result.unicodeScalars.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            continue
        }
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
        result.unicodeScalars.append(before && !after ? "ς" : "σ")
    }
    return result
}

/// As Python's `str.strip`.
func stripped(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isPythonSpace($0) }),
        let last = scalars.lastIndex(where: { !isPythonSpace($0) })
    else { return "" }
    return String(scalars[first...last])
}

/// White space as Python's `str.isspace` has it: that of Unicode, and four separators of ASCII.
func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1C...0x1F: true
    case 0x85, 0xA0: true
    case 0..<0x80: scalar == " " || (0x09...0x0D).contains(scalar.value)
    default: scalar.properties.isWhitespace
    }
}

/// A letter or a number of any script, or `_`: `\w` in Python.
func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
        return scalar == "_" || (0x30...0x39).contains(scalar.value) || (0x41...0x5A).contains(scalar.value)
            || (0x61...0x7A).contains(scalar.value)
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return scalar.properties.numericType != nil
    }
}
