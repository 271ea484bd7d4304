// SPDX-License-Identifier: Apache-2.0

/// Reads CSV (RFC 4180) cell by cell: commas, records that end with CR LF or LF, quotes around what needs them.
///
/// A byte-order mark at the front is passed over.
struct CSVReader {
    struct Cell {
        /// The content, without its quotes.
        let range: Range<Int>
        let isQuoted: Bool
        let hasDoubledQuotes: Bool
        /// Whether the record ends with this cell.
        let isLast: Bool

        /// An empty cell stands for a missing value, `""` for an empty text.
        var isMissing: Bool { range.isEmpty && !isQuoted }
    }

    let bytes: ByteView
    private let limits: CodecLimits
    private(set) var position = 0

    /// - Parameter goesOn: Whether `body` is no beginning: then a byte-order mark is a part of it.
    @unsafe init(
        checking body: UnsafeRawBufferPointer, limits: CodecLimits, goesOn: Bool = false
    ) throws(CodecError) {
        guard body.count <= limits.maxBodyBytes else {
            throw CodecError(.limit, "the body has \(body.count) bytes, at most \(limits.maxBodyBytes) are taken")
        }
        unsafe bytes = ByteView(body)
        self.limits = limits
        if !goesOn, bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    }

    var isAtEnd: Bool { position >= bytes.count }

    /// Passes over a line without any cell content, or gives `false` and stays.
    mutating func skipBlankLine() -> Bool {
        guard !isAtEnd, bytes[position] == UInt8(ascii: "\n") || bytes[position] == UInt8(ascii: "\r") else {
            return false
        }
        return endRecord()
    }

    mutating func nextCell() throws(CodecError) -> Cell {
        if !isAtEnd, bytes[position] == UInt8(ascii: "\"") { return try quotedCell() }
        let start = position
        while !isAtEnd {
            let byte = bytes[position]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
            guard byte != UInt8(ascii: "\"") else {
                throw CodecError(.syntax, "a quote inside a cell that does not begin with one", offset: position)
            }
            position += 1
        }
        let range = start..<position
        try check(range)
        return Cell(range: range, isQuoted: false, hasDoubledQuotes: false, isLast: try endCell())
    }

    private mutating func quotedCell() throws(CodecError) -> Cell {
        position += 1
        let start = position
        var hasDoubledQuotes = false
        while true {
            guard !isAtEnd else {
                throw CodecError(.syntax, "the closing quote of a cell is missing", offset: start - 1)
            }
            guard bytes[position] == UInt8(ascii: "\"") else {
                position += 1
                continue
            }
            guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "\"") else { break }
            hasDoubledQuotes = true
            position += 2
        }
        let range = start..<position
        position += 1
        try check(range)
        return Cell(range: range, isQuoted: true, hasDoubledQuotes: hasDoubledQuotes, isLast: try endCell())
    }

    /// Passes over the comma or the end of the record; `true` for the latter.
    private mutating func endCell() throws(CodecError) -> Bool {
        if isAtEnd { return true }
        if bytes[position] == UInt8(ascii: ",") {
            position += 1
            return false
        }
        guard endRecord() else {
            throw CodecError(.syntax, "expected a comma or the end of the line after a quote", offset: position)
        }
        return true
    }

    private mutating func endRecord() -> Bool {
        let start = position
        if bytes[position] == UInt8(ascii: "\r") { position += 1 }
        if !isAtEnd, bytes[position] == UInt8(ascii: "\n") { position += 1 }
        return position > start
    }

    private func check(_ range: Range<Int>) throws(CodecError) {
        guard range.count <= limits.maxStringBytes else {
            throw CodecError(
                .limit, "a cell is longer than \(limits.maxStringBytes) bytes", offset: range.lowerBound)
        }
        if let invalid = bytes.firstInvalidUTF8(in: range) {
            throw CodecError(.encoding, "a cell is not UTF-8", offset: invalid)
        }
    }

    /// The cell's text, two quotes for one undone.
    func text(_ cell: Cell) -> String {
        cell.hasDoubledQuotes ? String(decoding: unquoted(cell), as: UTF8.self) : bytes.text(cell.range)
    }

    func unquoted(_ cell: Cell) -> [UInt8] {
        var content: [UInt8] = []
        var index = cell.range.lowerBound
        while index < cell.range.upperBound {
            content.append(bytes[index])
            index += cell.hasDoubledQuotes && bytes[index] == UInt8(ascii: "\"") ? 2 : 1
        }
        return content
    }

    /// The names in the first record.
    mutating func readHeader() throws(CodecError) -> [String] {
        guard !isAtEnd else { throw CodecError(.syntax, "a header is missing", offset: position) }
        var names: [String] = []
        while true {
            let cell = try nextCell()
            guard names.count < limits.maxTensors else {
                throw CodecError(.limit, "more than \(limits.maxTensors) columns", offset: cell.range.lowerBound)
            }
            names.append(text(cell))
            if cell.isLast { return names }
        }
    }
}
