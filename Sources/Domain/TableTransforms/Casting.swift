// SPDX-License-Identifier: Apache-2.0
package import Tensors

func buildCast(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "to")
    guard let datatype = try fields.datatype("to") else { throw fields.wrong("to", "a datatype") }
    for index in try fields.columns() { try builder.cast(index, to: datatype) }
}

extension ProgramBuilder {
    /// Values of the column at `index` become of `datatype`, in slots of their own where they were texts or become some.
    mutating func cast(_ index: Int, to datatype: Datatype) throws(TableFault) {
        let entry = shape.entries[index]
        let old = entry.column.datatype
        guard old != datatype else { return }
        if old == .bytes || datatype == .bytes {
            guard datatype != .bytes || !old.isFloatingPoint else {
                throw TableFault("\(entry.column.description) holds fractions, which have no one spelling as texts")
            }
            var column = entry.column
            column.datatype = datatype
            let made = try shape.made(column)
            operations.append(
                datatype == .bytes
                    ? SpellNumbers(from: entry.slots, to: made.slots, datatype: old)
                    : ReadNumbers(from: entry.slots, to: made.slots, datatype: datatype))
            try shape.replace(index, by: made)
            return
        }
        operations.append(CastNumbers(slots: entry.slots, from: old, to: datatype))
        shape.set(datatype, of: index)
    }
}

/// Numbers of one datatype become those of another.
struct CastNumbers: TableOperation {
    let slots: [Int]
    let from: Datatype
    let to: Datatype

    func run(_ table: inout WorkTable) throws(TableFault) {
        for slot in slots {
            for row in 0..<table.rowCount {
                let value = table[slot, row]
                guard let cast = castNumber(value, from: from, to: to) else {
                    throw TableFault("\(numberText(value, from)) does not fit \(to.rawValue)", row: row)
                }
                table[slot, row] = cast
            }
        }
    }

    var flows: [SlotFlow] { slots.inPlace }
}

/// A number as it lies in a slot, from one datatype's to another's. A fraction is cut off on the way to an integer.
///
/// - Returns: `nil` when it does not fit.
package func castNumber(_ value: Double, from old: Datatype, to new: Datatype) -> Double? {
    if new == .bool {
        if old.liesAsBits { return value.bitPattern == 0 ? 0 : 1 }
        return value.isNaN ? nil : value == 0 ? 0 : 1
    }
    if new.isFloatingPoint {
        let wide =
            switch (old, new) {
            // Rounded once: by way of a double it would be twice.
            case (.int64, .float32): Double(Float(Int64(bitPattern: value.bitPattern)))
            case (.uint64, .float32): Double(Float(value.bitPattern))
            case (.int64, _): Double(Int64(bitPattern: value.bitPattern))
            case (.uint64, _): Double(value.bitPattern)
            default: value
            }
        let rounded = Rounding(new)(wide)
        return wide.isFinite && !rounded.isFinite ? nil : rounded
    }
    switch (old, new) {
    case (.int64, _): return integer(Int64(bitPattern: value.bitPattern), as: new)
    case (.uint64, _): return integer(value.bitPattern, as: new)
    default:
        let whole = value.rounded(.towardZero)
        if let signed = Int64(exactly: whole) { return integer(signed, as: new) }
        return UInt64(exactly: whole).flatMap { integer($0, as: new) }
    }
}

/// - Returns: What stands for it in a slot of an integer's datatype; `nil` when it does not fit.
private func integer(_ value: some FixedWidthInteger, as datatype: Datatype) -> Double? {
    switch datatype {
    case .int64: Int64(exactly: value).map { Double(bitPattern: UInt64(bitPattern: $0)) }
    case .uint64: UInt64(exactly: value).map { Double(bitPattern: $0) }
    case .int32: Int32(exactly: value).map(Double.init)
    case .int16: Int16(exactly: value).map(Double.init)
    case .int8: Int8(exactly: value).map(Double.init)
    case .uint32: UInt32(exactly: value).map(Double.init)
    case .uint16: UInt16(exactly: value).map(Double.init)
    case .uint8: UInt8(exactly: value).map(Double.init)
    default: nil
    }
}

/// A number as it lies in a slot, as people write it.
package func numberText(_ value: Double, _ datatype: Datatype) -> String {
    switch datatype {
    case .int64: String(Int64(bitPattern: value.bitPattern))
    case .uint64: String(value.bitPattern)
    case .bool: value == 0 ? "false" : "true"
    default: datatype.isInteger ? String(Int64(value)) : "\(value)"
    }
}

/// Whole numbers and booleans as texts, the latter as Python writes them.
struct SpellNumbers: TableOperation {
    let from: [Int]
    let to: [Int]
    let datatype: Datatype

    func run(_ table: inout WorkTable) {
        for (source, target) in zip(from, to) {
            let texts = (0..<table.rowCount).map { row in
                let value = table[source, row]
                return datatype == .bool ? (value == 0 ? "False" : "True") : numberText(value, datatype)
            }
            table.texts[target] = TextColumn(Tensor(strings: texts, shape: [texts.count]))
        }
    }

    var flows: [SlotFlow] {
        zip(from, to).map { SlotFlow(numbers: [$0], targets: [], textTargets: [$1]) }
    }
}

/// A number as Python reads it: Swift knows hexadecimal ones too, and NaN with a payload.
private func decimal(_ text: String) -> Double? {
    text.utf8.contains { $0 == UInt8(ascii: "x") || $0 == UInt8(ascii: "X") || $0 == UInt8(ascii: "(") }
        ? nil : Double(text)
}

/// Texts as the numbers that they spell; an empty one is missing.
struct ReadNumbers: TableOperation {
    let from: [Int]
    let to: [Int]
    let datatype: Datatype

    func run(_ table: inout WorkTable) throws(TableFault) {
        for (source, target) in zip(from, to) {
            for row in 0..<table.rowCount {
                let text = table.texts[source].text(row)
                let value: Double? =
                    if datatype.isFloatingPoint {
                        text.isEmpty ? .nan : decimal(text).flatMap { castNumber($0, from: .float64, to: datatype) }
                    } else if datatype == .bool {
                        decimal(text).flatMap { castNumber($0, from: .float64, to: datatype) }
                    } else if datatype == .uint64 {
                        UInt64(text).map { Double(bitPattern: $0) }
                    } else {
                        Int64(text).flatMap { integer($0, as: datatype) }
                    }
                guard let value else {
                    throw TableFault("“\(text.prefix(60))” is no \(datatype.rawValue)", row: row)
                }
                table[target, row] = value
            }
        }
    }

    var flows: [SlotFlow] { zip(from, to).map { SlotFlow(texts: [$0], targets: [$1]) } }
}
