// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// Reads JSON lines that come in pieces: one object a line.
///
/// A member that is not there is missing, like one that is `null`. A list or an object in a cell is its canonical JSON,
/// as a text.
package struct JSONRecords {
    /// In the order in which they were first seen.
    package private(set) var columns: [String]
    private var positions: [String: Int] = [:]
    private let limits: CodecLimits
    private var pending: [UInt8] = []
    private var rowCount = 0

    /// - Parameter columns: As an earlier reading found them; rows have as many cells, or more where others come.
    package init(columns: [String] = [], limits: CodecLimits = .standard) {
        self.columns = columns
        self.limits = limits
        for (position, name) in columns.enumerated() { positions[name] = position }
    }

    /// - Throws: ``CodecError`` with the row; or what `row` throws.
    package mutating func take(_ piece: [UInt8], _ row: ([CellValue]) throws -> Void) throws {
        var start = piece.startIndex
        while let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try read(pending + piece[start..<end], row)
            pending = []
            start = end + 1
        }
        pending += piece[start...]
        guard pending.count <= limits.maxStringBytes else {
            throw CodecError(.limit, "a line is longer than \(limits.maxStringBytes) bytes", row: rowCount)
        }
    }

    /// - Throws: As ``take(_:_:)``.
    package mutating func finish(_ row: ([CellValue]) throws -> Void) throws {
        try read(pending, row)
        pending = []
        guard !columns.isEmpty else { throw CodecError(.syntax, "there is no object in it") }
    }

    private mutating func read(_ line: [UInt8], _ row: ([CellValue]) throws -> Void) throws {
        guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return }
        try row(cells(of: try members(of: line)))
        rowCount += 1
    }

    private func members(of line: [UInt8]) throws(CodecError) -> [(name: String, value: JSONValue)] {
        let value: JSONValue
        do throws(CodecError) {
            value = try JSONValue.parse(line, limits: limits)
        } catch {
            throw CodecError(error.rule, error.message, field: error.field, row: rowCount, offset: error.offset)
        }
        guard let members = value.members else {
            throw CodecError(.type, "expected an object of names and values", row: rowCount)
        }
        return members
    }

    private mutating func cells(of members: [(name: String, value: JSONValue)]) throws(CodecError) -> [CellValue] {
        var cells = [CellValue](repeating: .missing, count: columns.count)
        for (name, value) in members {
            let position: Int
            if let known = positions[name] {
                position = known
            } else {
                guard columns.count < limits.maxTensors else {
                    throw CodecError(.limit, "more than \(limits.maxTensors) columns", row: rowCount)
                }
                position = columns.count
                columns.append(name)
                positions[name] = position
                cells.append(.missing)
            }
            cells[position] = CellValue(value)
        }
        return cells
    }
}

extension CellValue {
    fileprivate init(_ value: JSONValue) {
        self =
            switch value {
            case .null: .missing
            case .bool(let value): .boolean(value)
            case .integer(let value): .integer(value)
            case .unsigned(let value): .float(Double(value))
            case .double(let value): .float(value)
            case .string(let value): .text(Array(value.utf8))
            case .array, .object: .text(value.canonical)
            }
    }
}
