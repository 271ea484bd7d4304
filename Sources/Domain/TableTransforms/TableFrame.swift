// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// A table with its rows, for learning from: operations are applied to it one by one.
package struct TableFrame: Sendable {
    package private(set) var shape: TableShape
    private var work: WorkTable

    package var columns: [TableColumn] { shape.columns }
    package var rowCount: Int { work.rowCount }

    /// - Parameter tensors: One for each column, `[rows]` or `[rows, width]`.
    package init(_ columns: [TableColumn], _ tensors: [Tensor], rowCount: Int) throws(TableFault) {
        let program = try TableProgram([], on: columns)
        shape = program.output
        work = program.emptyTable(rowCount: rowCount)
        for (entry, tensor) in zip(shape.entries, tensors) {
            let width = entry.slots.count
            guard entry.column.datatype != .bytes else {
                for (index, slot) in entry.slots.enumerated() {
                    work.texts[slot] = TextColumn(tensor, first: index, stride: width)
                }
                continue
            }
            let numbers = tensor.slotNumbers
            for (index, slot) in entry.slots.enumerated() {
                for row in 0..<rowCount { work[slot, row] = numbers[row * width + index] }
            }
        }
    }

    /// - Parameter operation: As `docs/formats/graph.md` has it.
    package mutating func apply(_ operation: JSONValue) throws(TableFault) {
        let program = try TableProgram([operation], on: shape.columns)
        var next = program.emptyTable(rowCount: rowCount)
        for (old, new) in zip(shape.entries, program.input.entries) {
            for (source, target) in zip(old.slots, new.slots) {
                if old.column.datatype == .bytes {
                    next.texts[target] = work.texts[source]
                } else {
                    for row in 0..<rowCount { next[target, row] = work[source, row] }
                }
            }
        }
        try program.run(&next)
        work = next
        shape = program.output
    }

    /// The numbers of a column, one list for each of its values; whole numbers as doubles.
    package func numbers(of index: Int) -> [[Double]] {
        let entry = shape.entries[index]
        return entry.slots.map { slot in
            (0..<rowCount).map { row in
                let value = work[slot, row]
                return entry.column.datatype.liesAsBits
                    ? castNumber(value, from: entry.column.datatype, to: .float64) ?? .nan : value
            }
        }
    }

    /// The texts of a column that has one a row.
    package func texts(of index: Int) -> [String] {
        let column = work.texts[shape.entries[index].slots[0]]
        return (0..<rowCount).map(column.text)
    }
}

extension Tensor {
    /// Numbers and booleans as they lie in slots.
    fileprivate var slotNumbers: [Double] {
        datatype.liesAsBits
            ? elements(as: UInt64.self).map { Double(bitPattern: $0) } : doubles ?? []
    }
}
