// SPDX-License-Identifier: Apache-2.0

/// What the cells of a CSV column look like.
package enum CSVColumnKind: String, Sendable, CaseIterable {
    /// Whole numbers that fit 64 bits.
    case integer
    /// Numbers, NaN and infinities among them.
    case float
    /// `true` and `false`, in any case.
    case boolean
    case text
    /// No cell has anything in it.
    case empty

    /// The kind that takes in values of both.
    fileprivate func joined(with other: CSVColumnKind) -> CSVColumnKind {
        switch (self, other) {
        case (.empty, let kind), (let kind, .empty): kind
        case (.integer, .float), (.float, .integer): .float
        default: self == other ? self : .text
        }
    }
}

/// Guesses what each column holds, from its header and the first rows.
///
/// - Parameter sampleRows: How many rows to look at.
/// - Throws: ``CodecError``: `syntax`, `encoding`, `limit`, or `shape` for a row with another number of cells.
@unsafe package func csvColumns(
    of body: UnsafeRawBufferPointer, sampleRows: Int = 1000, limits: CodecLimits = .standard
) throws(CodecError) -> [(name: String, kind: CSVColumnKind)] {
    var reader = try unsafe CSVReader(checking: body, limits: limits)
    let names = try reader.readHeader()
    var kinds = [CSVColumnKind](repeating: .empty, count: names.count)
    var row = 0
    while row < sampleRows, !reader.isAtEnd {
        if names.count > 1, reader.skipBlankLine() { continue }
        try reader.readRecord(row: row, columnCount: names.count) { (reader, column, cell) throws(CodecError) in
            kinds[column] = kinds[column].joined(with: reader.kind(of: cell))
        }
        row += 1
    }
    return zip(names, kinds).map { (name: $0, kind: $1) }
}

extension CSVReader {
    /// Reads one record of exactly `columnCount` cells.
    @inline(__always)
    mutating func readRecord(
        row: Int, columnCount: Int, _ body: (CSVReader, Int, Cell) throws(CodecError) -> Void
    ) throws(CodecError) {
        var column = 0
        while true {
            let cell = try located(row: row) { () throws(CodecError) in try nextCell() }
            guard column < columnCount else {
                throw CodecError(
                    .shape, "a row has more cells than the header's \(columnCount)", row: row,
                    offset: cell.range.lowerBound)
            }
            try body(self, column, cell)
            column += 1
            if cell.isLast { break }
        }
        guard column == columnCount else {
            throw CodecError(
                .shape, "a row has \(column) cells, the header has \(columnCount)", row: row, offset: position)
        }
    }

    fileprivate func kind(of cell: Cell) -> CSVColumnKind {
        if cell.isMissing { return .empty }
        let element = CSVElement(bytes, cell.range)
        if element.bool != nil { return .boolean }
        if let number = element.number {
            let fits = number.isWhole && (try? number.integer(bytes, as: Int64.self)) != nil
            return fits ? .integer : .float
        }
        return element.special != nil ? .float : .text
    }
}
