// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Tensors

/// What all cells of a column are, missing ones aside.
package enum ColumnType: String, Sendable, CaseIterable {
    /// Whole numbers of 64 bits.
    case integer
    /// Numbers, NaN and infinities among them.
    case number
    case boolean
    /// Dates, or dates with a time of day: ``Timestamp/form``.
    case time
    case text
    /// No cell has anything in it.
    case empty

    /// What a cell is by itself.
    package init(of cell: CellValue) {
        self =
            switch cell {
            case .missing: .empty
            case .boolean: .boolean
            case .integer: .integer
            case .float: .number
            case .text(let bytes): moment(bytes) == nil ? .text : .time
            }
    }

    /// The type that takes in values of both.
    package func joined(with other: ColumnType) -> ColumnType {
        switch (self, other) {
        case (.empty, let type), (let type, .empty): type
        case (.integer, .number), (.number, .integer): .number
        default: self == other ? self : .text
        }
    }

    /// Whether its cells have a place on a line: numbers and times do.
    package var isNumeric: Bool { self == .integer || self == .number || self == .time }
}

/// A date or a moment that a text is.
func moment(_ bytes: [UInt8]) -> Timestamp? {
    // Most texts are none, and are found out here.
    guard (10...40).contains(bytes.count), bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else {
        return nil
    }
    return Timestamp(utf8: bytes)
}

extension CellValue {
    /// Where it lies on the line of its column; seconds since 1970 for times. `nil` for what has no place there.
    func place(as type: ColumnType) -> Double? {
        switch self {
        case .integer(let value): Double(value)
        case .float(let value): value
        case .text(let bytes) where type == .time: moment(bytes).map { Double($0.microseconds) / 1e6 }
        case .text, .boolean, .missing: nil
        }
    }

    private static let trueText = Array("true".utf8)
    private static let falseText = Array("false".utf8)

    /// As one of a set of values.
    package var category: [UInt8] {
        switch self {
        case .missing: []
        case .boolean(let value): value ? Self.trueText : Self.falseText
        case .integer(let value): Array(String(value).utf8)
        case .float(let value): Array(JSONValue.double(value).text.utf8)
        case .text(let bytes): bytes
        }
    }

    /// Whether there is nothing in it: NaN stands for that as well.
    package var isMissing: Bool {
        switch self {
        case .missing: true
        case .float(let value): value.isNaN
        default: false
        }
    }
}

/// A column of a table.
package struct DataColumn: Sendable, Hashable {
    package let name: String
    package let type: ColumnType

    package init(_ name: String, _ type: ColumnType) {
        self.name = name
        self.type = type
    }
}

/// Finds out what the columns of a table hold, row by row.
package struct SchemaTally {
    private var types: [ColumnType] = []
    package private(set) var rowCount = 0

    package init() {}

    package mutating func take(_ row: [CellValue]) {
        rowCount += 1
        while types.count < row.count { types.append(.empty) }
        for (column, cell) in row.enumerated() {
            // What a column of texts holds cannot change any more.
            if types[column] == .text { continue }
            types[column] = types[column].joined(with: ColumnType(of: cell))
        }
    }

    /// - Parameter names: Of all columns.
    package func columns(named names: [String]) -> [DataColumn] {
        names.enumerated().map { DataColumn($1, $0 < types.count ? types[$0] : .empty) }
    }
}
