// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Tensors

/// One operation, with the slots that it reads and writes.
package protocol TableOperation: Sendable {
    /// - Throws: ``TableFault`` with the row whose value it cannot take.
    func run(_ table: inout WorkTable) throws(TableFault)

    /// Which slots of numbers it writes from which slots.
    var flows: [SlotFlow] { get }
}

/// Slots that are written from the values of others.
package struct SlotFlow: Sendable, Hashable {
    package var numbers: [Int] = []
    package var texts: [Int] = []
    package let targets: [Int]
    package var textTargets: [Int] = []
}

/// Operations that work on a table one after the other, checked against its columns.
package struct TableProgram: Sendable {
    package static let operationLimit = 10_000
    /// The most values a row that operations may work on, each as often as one does: a bound of memory and time.
    package static let valueLimit = 64 * TableColumn.widthLimit

    /// Where the values of the given columns lie before it runs.
    package let input: TableShape
    /// Where those of the resulting columns lie afterwards.
    package let output: TableShape
    package let operations: [any TableOperation]
    /// How many values of a row its operations work on, each as often as one does.
    package let valueCount: Int

    /// - Parameter operations: Objects as `docs/formats/graph.md` has them.
    /// - Throws: ``TableFault`` that says which operation is wrong, and why.
    package init(_ operations: [JSONValue], on columns: [TableColumn]) throws(TableFault) {
        guard operations.count <= Self.operationLimit else {
            throw TableFault("it has more than \(Self.operationLimit) operations")
        }
        input = try TableShape(columns)
        var builder = ProgramBuilder(shape: input)
        for (index, operation) in operations.enumerated() {
            do throws(TableFault) {
                try builder.add(operation)
            } catch {
                let name = operation["op"]?.string.map { " (\($0.prefix(40)))" } ?? ""
                throw TableFault("operation \(index + 1)\(name): \(error.reason)")
            }
        }
        output = builder.shape
        valueCount = builder.valueCount
        guard output.width <= TableColumn.widthLimit else {
            throw TableFault(
                "a row has \(output.width) values in the end, and at most \(TableColumn.widthLimit) are taken")
        }
        self.operations = builder.operations
    }

    private static let nothing = TextColumn(Tensor(strings: [""], shape: [1]), stride: 0)

    /// A table with room for everything that the operations make, and nothing in it but zeros and empty texts.
    package func emptyTable(rowCount: Int) -> WorkTable {
        WorkTable(
            rowCount: rowCount, numbers: [Double](repeating: 0, count: output.numberCount * rowCount),
            texts: [TextColumn](repeating: Self.nothing, count: output.textCount))
    }

    package func run(_ table: inout WorkTable) throws(TableFault) {
        for operation in operations { try operation.run(&table) }
    }
}

/// A program while it grows.
struct ProgramBuilder {
    var shape: TableShape
    var operations: [any TableOperation] = []
    private(set) var valueCount = 0

    mutating func add(_ operation: JSONValue) throws(TableFault) {
        guard let name = operation["op"]?.string else { throw TableFault("it has no “op”") }
        guard let build = Self.builders[name] else {
            let hint = closestName(to: name, among: Self.builders.keys).map { "; did you mean “\($0)”?" } ?? ""
            throw TableFault("there is no operation “\(name.prefix(40))”\(hint)")
        }
        let fields = try OperationFields(operation, shape)
        let slotsBefore = shape.slotCount
        try build(fields, &self)
        let named = try fields.columns().reduce(0) { $0 + fields.shape.entries[$1].slots.count }
        valueCount += named + shape.slotCount - slotsBefore
        guard valueCount <= TableProgram.valueLimit else {
            throw TableFault("its operations work on more than \(TableProgram.valueLimit) values a row")
        }
    }

    private typealias Build = @Sendable (_ fields: OperationFields, inout ProgramBuilder) throws(TableFault) -> Void

    private static let builders: [String: Build] = [
        "select": buildSelect, "drop": buildDrop, "rename": buildRename, "copy": buildCopy, "pick": buildPick,
        "concatenate": buildConcatenate, "cast": buildCast, "impute": buildImpute, "knn_impute": buildNeighbourImpute,
        "scale": buildScale, "clip": buildClip, "apply": buildApply, "power": buildPower, "quantile": buildQuantile,
        "bucketise": buildBucketise, "one_hot": buildOneHot, "lookup": buildLookup, "hash": buildHash,
        "normalise": buildNormalise, "polynomial": buildPolynomial, "linear": buildLinear, "softmax": buildSoftmax,
        "decide": buildDecide, "parts": buildParts, "lower": buildLower, "upper": buildUpper, "strip": buildStrip,
        "count": buildCount,
    ]

    /// Makes a column one that can hold fractions, as NumPy does before it computes with integers.
    mutating func makeFloating(_ index: Int) throws(TableFault) {
        let entry = shape.entries[index]
        guard entry.column.datatype != .bytes else {
            throw TableFault("\(entry.column.description) is a text, where a number is needed")
        }
        guard !entry.column.datatype.isFloatingPoint else { return }
        if entry.column.datatype.liesAsBits {
            operations.append(WidenIntegers(slots: entry.slots, isSigned: entry.column.datatype == .int64))
        }
        shape.set(.float64, of: index)
    }

    /// - Returns: Every value of the columns, with how its results are rounded; the columns can hold fractions.
    mutating func floatingValues(of indices: [Int]) throws(TableFault) -> [(slot: Int, rounding: Rounding)] {
        for index in indices { try makeFloating(index) }
        return indices.flatMap { index in
            let entry = shape.entries[index]
            return entry.slots.map { ($0, Rounding(entry.column.datatype)) }
        }
    }

    /// - Returns: The slots of texts of the columns, which are all texts.
    func texts(of indices: [Int]) throws(TableFault) -> [Int] {
        var slots: [Int] = []
        for index in indices {
            let entry = shape.entries[index]
            guard entry.column.datatype == .bytes else {
                throw TableFault("\(entry.column.description) is no text")
            }
            slots += entry.slots
        }
        return slots
    }

    /// New columns in the places of others.
    mutating func replace(_ indices: [Int], by column: TableColumn) throws(TableFault) -> [Int] {
        let entry = try shape.made(column)
        let place = indices.min() ?? shape.entries.count
        shape.remove(indices)
        try shape.insert(entry, at: place)
        return entry.slots
    }
}

/// Whole numbers that lie as bits become doubles, the nearest ones beyond 2^53.
struct WidenIntegers: TableOperation {
    let slots: [Int]
    let isSigned: Bool

    func run(_ table: inout WorkTable) {
        for slot in slots {
            if isSigned {
                table.update(slot, .none) { Double(Int64(bitPattern: $0.bitPattern)) }
            } else {
                table.update(slot, .none) { Double($0.bitPattern) }
            }
        }
    }

    var flows: [SlotFlow] { slots.inPlace }
}

extension [Int] {
    /// Every slot of numbers is made of itself.
    var inPlace: [SlotFlow] { map { SlotFlow(numbers: [$0], targets: [$0]) } }
}
