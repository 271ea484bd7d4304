// SPDX-License-Identifier: Apache-2.0

/// What a cell of a table says by itself, whatever the rest of its column says.
package enum CellValue: Sendable, Hashable {
    case missing
    case boolean(Bool)
    case integer(Int64)
    /// NaN and infinities among them.
    case float(Double)
    /// UTF-8.
    case text([UInt8])
}

/// Reads the records of a CSV file that comes in pieces, so that no more than a few records are in memory at a time.
///
/// A cell is a number when it is written as one, without zeros in front: `01234` is a text, as the code of a place is.
/// An empty cell is missing, `""` an empty text.
package struct CSVRecords {
    /// Of the first record; empty before it was read.
    package private(set) var columns: [String] = []
    private let limits: CodecLimits
    /// Columns whose cells are texts whatever is in them.
    private let textColumns: Set<String>
    private var isText: [Bool] = []
    /// What was taken and is not read yet: from the start of a record on.
    private var pending: [UInt8] = []
    /// Behind the last record that is whole.
    private var wholeEnd = 0
    private var isInQuotes = false
    private var rowCount = 0

    package init(textColumns: Set<String> = [], limits: CodecLimits = .standard) {
        self.textColumns = textColumns
        self.limits = limits
    }

    /// - Throws: ``CodecError``: `syntax`, `encoding`, `limit`, `shape` for a row with another number of cells; or what
    ///   `row` throws.
    package mutating func take(_ piece: [UInt8], _ row: ([CellValue]) throws -> Void) throws {
        let start = pending.count
        pending += piece
        // Each byte once, and over the piece itself: a file is mostly what is looked at here.
        for (index, byte) in piece.enumerated() {
            if byte == UInt8(ascii: "\"") {
                isInQuotes.toggle()
            } else if byte == UInt8(ascii: "\n"), !isInQuotes {
                wholeEnd = start + index + 1
            }
        }
        if wholeEnd > 0 { try read(upTo: wholeEnd, row) }
        guard pending.count <= limits.maxStringBytes else {
            throw CodecError(.limit, "a record is longer than \(limits.maxStringBytes) bytes", row: rowCount)
        }
    }

    /// Reads what is left when nothing more comes.
    ///
    /// - Throws: As ``take(_:_:)``, also when there was no header.
    package mutating func finish(_ row: ([CellValue]) throws -> Void) throws {
        if !pending.isEmpty { try read(upTo: pending.count, row) }
        guard !columns.isEmpty else { throw CodecError(.syntax, "a header is missing") }
    }

    private mutating func read(upTo end: Int, _ row: ([CellValue]) throws -> Void) throws {
        // Taken out, so that the rest of this value can change while it is looked at.
        let bytes = pending
        try unsafe bytes.withUnsafeBytes { bytes in
            let whole = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<end])
            var reader = try unsafe CSVReader(checking: whole, limits: limits, goesOn: !columns.isEmpty)
            if columns.isEmpty { try readHeader(&reader) }
            while !reader.isAtEnd {
                if columns.count > 1, reader.skipBlankLine() { continue }
                var cells: [CellValue] = []
                cells.reserveCapacity(columns.count)
                try reader.readRecord(row: rowCount, columnCount: columns.count) { reader, column, cell in
                    cells.append(reader.value(of: cell, asText: isText[column]))
                }
                rowCount += 1
                try row(cells)
            }
        }
        pending.removeFirst(end)
        wholeEnd = 0
    }

    private mutating func readHeader(_ reader: inout CSVReader) throws(CodecError) {
        columns = try reader.readHeader()
        isText = columns.map(textColumns.contains)
        if let twice = Set(columns).count < columns.count
            ? columns.first(where: { name in
                columns.count { $0 == name } > 1
            }) : nil
        {
            throw CodecError(.duplicate, "two columns are called “\(twice.prefix(100))”")
        }
    }
}

extension CSVReader {
    fileprivate func value(of cell: Cell, asText: Bool) -> CellValue {
        if cell.isMissing { return .missing }
        if !asText, !cell.range.isEmpty, let value = plainValue(cell.range) { return value }
        return .text(cell.hasDoubledQuotes ? unquoted(cell) : unsafe Array(bytes.buffer(cell.range)))
    }

    /// A number or a boolean; `nil` for a text.
    private func plainValue(_ range: Range<Int>) -> CellValue? {
        let first = bytes[range.lowerBound]
        // Most texts begin with a letter that no number and no boolean begins with.
        guard first < 0x3A || Self.firstLetters.contains(first) else { return nil }
        let element = CSVElement(bytes, range)
        if let number = element.number {
            guard !hasLeadingZero(number.range) else { return nil }
            if isDigitsOnly(number.range), let integer = try? number.integer(bytes, as: Int64.self) {
                return .integer(integer)
            }
            let value = number.double(bytes)
            return value.isFinite ? .float(value) : nil
        }
        return element.bool.map(CellValue.boolean) ?? element.special.map(CellValue.float)
    }

    private static let firstLetters = Set("tTfFnNiI".utf8)

    private func digitsStart(_ range: Range<Int>) -> Int {
        let first = bytes[range.lowerBound]
        return first == UInt8(ascii: "-") || first == UInt8(ascii: "+") ? range.lowerBound + 1 : range.lowerBound
    }

    private func isDigit(_ index: Int) -> Bool { (0x30...0x39).contains(bytes[index]) }

    private func hasLeadingZero(_ range: Range<Int>) -> Bool {
        let start = digitsStart(range)
        return start + 1 < range.upperBound && bytes[start] == UInt8(ascii: "0") && isDigit(start + 1)
    }

    private func isDigitsOnly(_ range: Range<Int>) -> Bool {
        (digitsStart(range)..<range.upperBound).allSatisfy(isDigit)
    }
}
