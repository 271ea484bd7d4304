// SPDX-License-Identifier: Apache-2.0
import Foundation
import TableTransforms
import Tensors
import TestSupport
import Testing

/// A value as it lies in a slot: two are the same when no bit differs, and any NaN is NaN.
enum Cell: Hashable, CustomStringConvertible {
    case number(UInt64)
    case text([UInt8])

    init(_ number: Double) { self = .number(number.isNaN ? Double.nan.bitPattern : number.bitPattern) }

    /// As JSON has it: INT64 and UINT64 by their bits.
    init(_ value: JSONValue, as datatype: Datatype) throws {
        switch datatype {
        case .bytes: self = .text(Array(try #require(value.string).utf8))
        case .int64: self = .number(UInt64(bitPattern: try #require(value.integer)))
        case .uint64: self = .number(try #require(value.unsigned))
        case .bool: self = .number((value == true ? 1.0 : 0.0).bitPattern)
        default: self.init(try #require(value.double))
        }
    }

    var double: Double {
        if case .number(let bits) = self { Double(bitPattern: bits) } else { .nan }
    }

    var description: String {
        switch self {
        case .number(let bits): "\(Double(bitPattern: bits))"
        case .text(let bytes): "“\(String(decoding: bytes, as: UTF8.self))”"
        }
    }
}

/// Columns with values, row after row.
struct SmallTable {
    var columns: [TableColumn] = []
    /// By column; of several values a row side by side.
    var cells: [[Cell]] = []

    init() {}

    /// Columns as the fixtures spell them: `{"name", "datatype", "width", "values"}`.
    init(_ json: JSONValue) throws {
        for column in try #require(json.elements) {
            let datatype = try #require(column["datatype"]?.string.flatMap(Datatype.init(rawValue:)))
            let width = column["width"]?.integer.flatMap(Int.init(exactly:))
            columns.append(TableColumn(try #require(column["name"]?.string), datatype, width: width))
            cells.append(try #require(column["values"]?.elements).map { try Cell($0, as: datatype) })
        }
    }

    var rowCount: Int { zip(columns, cells).map { $1.count / $0.valueCount }.first ?? 0 }

    func row(_ index: Int) -> SmallTable {
        var row = self
        for (column, spec) in columns.enumerated() {
            row.cells[column] = Array(cells[column][index * spec.valueCount..<(index + 1) * spec.valueCount])
        }
        return row
    }

    /// What operations make of it.
    func after(_ operations: String) throws -> SmallTable { try after(try JSONValue.parse(operations).elements ?? []) }

    func after(_ operations: [JSONValue]) throws -> SmallTable {
        let program = try TableProgram(operations, on: columns)
        var table = program.emptyTable(rowCount: rowCount)
        for (entry, values) in zip(program.input.entries, cells) {
            let width = entry.slots.count
            for (place, slot) in entry.slots.enumerated() {
                guard entry.column.datatype != .bytes else {
                    table.texts[slot] = TextColumn(texts(values, width), first: place, stride: width)
                    continue
                }
                for row in 0..<rowCount {
                    guard case .number(let bits) = values[row * width + place] else { continue }
                    table.numbers[slot * rowCount + row] = Double(bitPattern: bits)
                }
            }
        }
        try program.run(&table)
        return SmallTable(table, program.output)
    }

    /// Bytes that need not be UTF-8.
    private func texts(_ cells: [Cell], _ width: Int) -> Tensor {
        var bytes: [UInt8] = []
        var offsets = [0]
        for case .text(let text) in cells {
            bytes += text
            offsets.append(bytes.count)
        }
        let storage = TensorStorage(byteCount: bytes.count)
        unsafe storage.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes) }
        return Tensor(bytes: storage, offsets: offsets, shape: [cells.count / width, width])
    }

    private init(_ table: WorkTable, _ shape: TableShape) {
        for entry in shape.entries {
            columns.append(entry.column)
            cells.append(
                (0..<table.rowCount).flatMap { row in
                    entry.slots.map { slot in
                        guard entry.column.datatype == .bytes else {
                            let value = table.numbers[slot * table.rowCount + row]
                            return entry.column.datatype.liesAsBits ? .number(value.bitPattern) : Cell(value)
                        }
                        return unsafe table.texts[slot].withBytes(row) { unsafe .text(Array($0)) }
                    }
                })
        }
    }

    /// Name, datatype and width of each column.
    var description: [String] { columns.map(\.description) }

    subscript(name: String) -> [Cell] { cells[columns.firstIndex { $0.name == name } ?? 0] }

    func doubles(_ name: String) -> [Double] { self[name].map(\.double) }

    func texts(_ name: String) -> [String] {
        self[name].map { if case .text(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { "" } }
    }
}

extension SmallTable {
    func with(_ name: String, width: Int? = nil, _ values: [Double]) -> SmallTable {
        adding(TableColumn(name, .float64, width: width), values.map { Cell($0) })
    }

    func with(_ name: String, _ datatype: Datatype, _ values: [Double]) -> SmallTable {
        adding(TableColumn(name, datatype), values.map { Cell($0) })
    }

    func with(_ name: String, integers: [Int64]) -> SmallTable {
        adding(TableColumn(name, .int64), integers.map { .number(UInt64(bitPattern: $0)) })
    }

    func with(_ name: String, width: Int? = nil, texts: [String]) -> SmallTable {
        adding(TableColumn(name, .bytes, width: width), texts.map { .text(Array($0.utf8)) })
    }

    func with(_ name: String, bytes: [[UInt8]]) -> SmallTable {
        adding(TableColumn(name, .bytes), bytes.map { .text($0) })
    }

    private func adding(_ column: TableColumn, _ values: [Cell]) -> SmallTable {
        var table = self
        table.columns.append(column)
        table.cells.append(values)
        return table
    }
}

/// A file that `Tests/Fixtures/tables/make.py` wrote.
func fixture(_ name: String) throws -> JSONValue {
    try JSONValue.parse(
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(repositoryRoot)/Tests/Fixtures/tables/\(name).json"))))
}
