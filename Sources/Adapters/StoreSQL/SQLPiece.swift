// SPDX-License-Identifier: Apache-2.0

/// A piece of a SQL statement, as far as names, quotes and comments tell them apart. All pieces together are the statement.
enum SQLPiece: Equatable {
    /// A name, a key word or a number.
    case word(String)
    /// `:name`, without the colon.
    case parameter(String)
    /// A text, a quoted name or a comment, with what encloses it.
    case verbatim(String)
    /// Space and signs.
    case other(String)

    /// What stands in the statement.
    var text: String {
        switch self {
        case .word(let text), .verbatim(let text), .other(let text): text
        case .parameter(let name): ":" + name
        }
    }

    /// The word in capitals; `nil` for what is none.
    var keyword: String? {
        if case .word(let text) = self { text.uppercased() } else { nil }
    }
}

extension SQLPiece {
    /// Takes a statement apart.
    ///
    /// `::` is a cast of PostgreSQL's, and no parameter begins there. A quote that is not closed runs to the end.
    static func pieces(of statement: String) -> [SQLPiece] {
        var scanner = SQLScanner(bytes: Array(statement.utf8))
        var pieces: [SQLPiece] = []
        while let piece = scanner.next() {
            // Neighbours of no meaning of their own are one piece.
            if case .other(let text) = piece, case .other(let before)? = pieces.last {
                pieces[pieces.count - 1] = .other(before + text)
            } else {
                pieces.append(piece)
            }
        }
        return pieces
    }
}

private struct SQLScanner {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> SQLPiece? {
        guard let byte = byte(at: 0) else { return nil }
        let start = position
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            skipQuoted(byte)
            return .verbatim(text(from: start))
        case UInt8(ascii: "-") where self.byte(at: 1) == byte:
            while let byte = self.byte(at: 0), byte != UInt8(ascii: "\n") { position += 1 }
            return .verbatim(text(from: start))
        case UInt8(ascii: "/") where self.byte(at: 1) == UInt8(ascii: "*"):
            skipComment()
            return .verbatim(text(from: start))
        case UInt8(ascii: ":") where self.byte(at: 1) == byte:
            position += 2
            return .other("::")
        case UInt8(ascii: ":") where self.byte(at: 1).map(Self.beginsName) == true:
            position += 1
            skipWord()
            return .parameter(text(from: start + 1))
        case _ where Self.belongsToWord(byte):
            skipWord()
            return .word(text(from: start))
        default:
            position += 1
            return .other(text(from: start))
        }
    }

    private func byte(at offset: Int) -> UInt8? {
        bytes.indices.contains(position + offset) ? bytes[position + offset] : nil
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

    private mutating func skipWord() {
        while let byte = byte(at: 0), Self.belongsToWord(byte) { position += 1 }
    }

    /// A quote that is doubled stands for itself: it ends one quoted piece and begins the next, which is as good.
    private mutating func skipQuoted(_ quote: UInt8) {
        position += 1
        while let byte = byte(at: 0) {
            position += 1
            if byte == quote { return }
        }
    }

    /// PostgreSQL's comments may hold others.
    private mutating func skipComment() {
        var depth = 0
        while let byte = byte(at: 0) {
            switch (byte, self.byte(at: 1)) {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                position += 2
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                position += 2
                if depth == 0 { return }
            default:
                position += 1
            }
        }
    }

    private static func beginsName(_ byte: UInt8) -> Bool {
        belongsToWord(byte) && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) && byte < 0x80
    }

    /// Bytes of other than ASCII letters belong to words, as both products have it.
    private static func belongsToWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
