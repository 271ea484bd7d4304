// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// As `SimpleImputer`: what is missing becomes a value that was chosen in training.
func buildImpute(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "fill", "missing", "indicator")
    let columns = try fields.columns()
    let entries = columns.map { builder.shape.entries[$0] }
    let isText = entries[0].column.datatype == .bytes
    guard entries.allSatisfy({ ($0.column.datatype == .bytes) == isText }) else {
        throw TableFault("texts and numbers are imputed by operations of their own")
    }
    let indicators = try fields.flag("indicator") ?? false
    if isText {
        let slots = try builder.texts(of: columns)
        guard let fill = try fields.texts("fill"), fill.count == slots.count else {
            throw fields.wrong("fill", "\(slots.count) texts")
        }
        let missing = try fields.text("missing") ?? ""
        if indicators { try addIndicators(for: columns, missingNumber: .nan, missingText: missing, &builder) }
        for (slot, text) in zip(slots, fill) {
            builder.operations.append(ImputeTexts(slot: slot, fill: text, missing: Array(missing.utf8)))
        }
        return
    }
    let missing = try fields.number("missing") ?? .nan
    // Whole numbers are widened first: the indicators compare what imputing compares.
    let values = try builder.floatingValues(of: columns)
    if indicators { try addIndicators(for: columns, missingNumber: missing, missingText: "", &builder) }
    guard let fill = try fields.numbers("fill", count: values.count) else {
        throw fields.wrong("fill", "\(values.count) numbers")
    }
    builder.operations.append(
        ImputeNumbers(
            values: zip(values, fill).map { value, fill in
                (value.slot, value.rounding(fill), value.rounding(missing))
            }))
}

/// `NAME_missing` at the end, for each of the columns.
private func addIndicators(
    for columns: [Int], missingNumber: Double, missingText: String, _ builder: inout ProgramBuilder
) throws(TableFault) {
    for entry in columns.map({ builder.shape.entries[$0] }) {
        let column = TableColumn(entry.column.name + "_missing", .bool, width: entry.column.width)
        let targets = try builder.shape.append(column).slots
        builder.operations.append(
            MarkMissing(
                from: entry.slots, to: targets, areTexts: entry.column.datatype == .bytes,
                missing: Rounding(entry.column.datatype)(missingNumber), missingText: Array(missingText.utf8)))
    }
}

struct ImputeNumbers: TableOperation {
    /// `missing` is NaN, or the number that stands for a missing value.
    let values: [(slot: Int, fill: Double, missing: Double)]

    func run(_ table: inout WorkTable) {
        for (slot, fill, missing) in values {
            if missing.isNaN {
                table.update(slot, .none) { $0.isNaN ? fill : $0 }
            } else {
                table.update(slot, .none) { $0 == missing ? fill : $0 }
            }
        }
    }

    var flows: [SlotFlow] { values.map(\.slot).inPlace }
}

struct ImputeTexts: TableOperation {
    let slot: Int
    let fill: String
    let missing: [UInt8]

    func run(_ table: inout WorkTable) {
        let column = table.texts[slot]
        guard (0..<table.rowCount).contains(where: { column.equals(missing, $0) }) else { return }
        var texts = TextRun()
        for row in 0..<table.rowCount {
            if column.equals(missing, row) { texts.append(fill) } else { texts.append(column, row) }
        }
        table.texts[slot] = texts.column
    }

    var flows: [SlotFlow] { [SlotFlow(texts: [slot], targets: [], textTargets: [slot])] }
}

/// 1 where a value is missing, else 0.
struct MarkMissing: TableOperation {
    let from: [Int]
    let to: [Int]
    let areTexts: Bool
    let missing: Double
    let missingText: [UInt8]

    func run(_ table: inout WorkTable) {
        for (source, target) in zip(from, to) {
            for row in 0..<table.rowCount {
                let isMissing =
                    if areTexts {
                        table.texts[source].equals(missingText, row)
                    } else {
                        missing.isNaN ? table[source, row].isNaN : table[source, row] == missing
                    }
                table[target, row] = isMissing ? 1 : 0
            }
        }
    }

    var flows: [SlotFlow] {
        zip(from, to).map { source, target in
            areTexts
                ? SlotFlow(texts: [source], targets: [target]) : SlotFlow(numbers: [source], targets: [target])
        }
    }
}
