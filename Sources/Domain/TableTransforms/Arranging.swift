// SPDX-License-Identifier: Apache-2.0
internal import Tensors

// Operations that choose, name and put together columns. All but `copy` are done once they have been read.

func buildSelect(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require()
    builder.shape.keep(try fields.columns())
}

func buildDrop(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require()
    builder.shape.remove(try fields.columns())
}

func buildRename(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "to")
    let columns = try fields.columns()
    let names = try newNames(for: columns, fields)
    try builder.shape.rename(columns, to: names)
}

func buildCopy(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "to")
    let columns = try fields.columns()
    let names = try newNames(for: columns, fields)
    for (index, name) in zip(columns, names) {
        let source = builder.shape.entries[index]
        var column = source.column
        column.name = name
        let target = try builder.shape.append(column)
        builder.operations.append(
            CopySlots(from: source.slots, to: target.slots, areTexts: column.datatype == .bytes))
    }
}

private func newNames(for columns: [Int], _ fields: OperationFields) throws(TableFault) -> [String] {
    guard let names = try fields.texts("to"), names.count == columns.count else {
        throw fields.wrong("to", "as many names as there are columns")
    }
    return names
}

func buildConcatenate(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "as", "to")
    let columns = try fields.columns()
    let entries = columns.map { builder.shape.entries[$0] }
    let wanted = try fields.datatype("to") ?? widest(entries.map(\.column.datatype))
    guard let datatype = wanted else {
        throw TableFault(
            "texts and numbers do not go side by side: \(entries.map(\.column.description).joined(separator: ", "))")
    }
    for index in columns { try builder.cast(index, to: datatype) }
    let slots = columns.flatMap { builder.shape.entries[$0].slots }
    guard slots.count <= TableColumn.widthLimit else {
        throw TableFault("they have \(slots.count) values together, and at most \(TableColumn.widthLimit) are taken")
    }
    let place = columns.min() ?? 0
    let column = TableColumn(
        try fields.requiredText("as"), datatype, width: slots.count, labels: entries.flatMap(\.column.valueNames))
    builder.shape.remove(columns)
    try builder.shape.insert(
        TableShape.Entry(column: column, slots: slots), at: min(place, builder.shape.entries.count))
}

func buildPick(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "values", "as")
    let columns = try fields.columns()
    let entries = columns.map { builder.shape.entries[$0] }
    guard let datatype = widest(entries.map(\.column.datatype)) else {
        throw TableFault("texts and numbers do not go side by side")
    }
    let count = entries.reduce(0) { $0 + $1.slots.count }
    let picked = try fields.numbers("values")?.compactMap(Int.init(exactly:)) ?? []
    guard !picked.isEmpty, picked.allSatisfy((0..<count).contains), Set(picked).count == picked.count else {
        throw fields.wrong("values", "positions from 0 to \(count - 1), each once")
    }
    for index in columns { try builder.cast(index, to: datatype) }
    let slots = columns.flatMap { builder.shape.entries[$0].slots }
    let labels = entries.flatMap(\.column.valueNames)
    let column = TableColumn(
        try fields.requiredText("as"), datatype, width: picked.count, labels: picked.map { labels[$0] })
    let place = columns.min() ?? 0
    builder.shape.remove(columns)
    try builder.shape.insert(
        TableShape.Entry(column: column, slots: picked.map { slots[$0] }),
        at: min(place, builder.shape.entries.count))
}

/// The datatype that holds values of all of these, as NumPy chooses it for numbers side by side.
private func widest(_ datatypes: [Datatype]) -> Datatype? {
    guard let first = datatypes.first else { return nil }
    if datatypes.allSatisfy({ $0 == first }) { return first }
    guard !datatypes.contains(.bytes) else { return nil }
    let singles: Set<Datatype> = [.float16, .float32, .bool, .int8, .uint8, .int16, .uint16]
    if datatypes.contains(.float32), datatypes.allSatisfy(singles.contains) { return .float32 }
    let unsigned: Set<Datatype> = [.bool, .uint8, .uint16, .uint32, .uint64]
    if datatypes.contains(.uint64), datatypes.allSatisfy(unsigned.contains) { return .uint64 }
    let areIntegers = datatypes.allSatisfy { $0 == .bool || $0.isInteger }
    return areIntegers && !datatypes.contains(.uint64) ? .int64 : .float64
}

/// Values of slots, a second time.
struct CopySlots: TableOperation {
    let from: [Int]
    let to: [Int]
    let areTexts: Bool

    init(from: [Int], to: [Int], areTexts: Bool) {
        self.from = from
        self.to = to
        self.areTexts = areTexts
    }

    func run(_ table: inout WorkTable) {
        for (source, target) in zip(from, to) {
            guard !areTexts else {
                table.texts[target] = table.texts[source]
                continue
            }
            let rows = table.rowCount
            var values = table.numbers.mutableSpan
            for row in 0..<rows { values[target * rows + row] = values[source * rows + row] }
        }
    }

    var flows: [SlotFlow] {
        zip(from, to).map { source, target in
            areTexts
                ? SlotFlow(texts: [source], targets: [], textTargets: [target])
                : SlotFlow(numbers: [source], targets: [target])
        }
    }
}
