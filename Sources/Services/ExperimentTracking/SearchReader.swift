// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// Reads the words of a filter, one after the other.
struct SearchReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        skipSpace()
    }

    var isAtEnd: Bool { position == bytes.count }

    /// Whether `word` comes next, in any case and not as the beginning of a longer one; then it is passed.
    mutating func take(word: String) -> Bool {
        let end = position + word.utf8.count
        guard end <= bytes.count,
            zip(bytes[position..<end], word.utf8).allSatisfy({ $0.isLetter && $0 & 0xDF == $1 }),
            end == bytes.count || !bytes[end].isWordByte
        else { return false }
        position = end
        skipSpace()
        return true
    }

    /// `entity.key`, `entity.'key'` in backticks or double quotes, or a key alone.
    mutating func identifier() throws(Refusal) -> (entity: String?, key: String) {
        if let key = try quotedName() { return (nil, key) }
        let start = position
        while position < bytes.count, bytes[position].isWordByte { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        guard !word.isEmpty else { throw unexpected("a name such as metrics.auc") }
        guard position < bytes.count, bytes[position] == UInt8(ascii: ".") else {
            skipSpace()
            return (nil, word)
        }
        position += 1
        if let key = try quotedName() { return (word, key) }
        let keyStart = position
        while position < bytes.count, bytes[position].isKeyByte { position += 1 }
        guard position > keyStart else { throw unexpected("what stands behind “\(word.prefix(100)).”") }
        let key = String(decoding: bytes[keyStart..<position], as: UTF8.self)
        skipSpace()
        return (word, key)
    }

    mutating func comparison() throws(Refusal) -> SearchCondition.Comparison {
        for sign in ["!=", ">=", "<=", "=", ">", "<"] where bytes[position...].starts(with: sign.utf8) {
            guard let comparison = SearchCondition.Comparison(rawValue: sign) else { continue }
            position += sign.utf8.count
            skipSpace()
            return comparison
        }
        throw unexpected("a comparison: =, !=, >, >=, <, <=, LIKE, ILIKE or IN")
    }

    /// A number without quotes.
    ///
    /// - Parameter orQuoted: Whether it may be in quotes as well.
    mutating func number(orQuoted: Bool = false) throws(Refusal) -> Double {
        let start = position
        if orQuoted, position < bytes.count,
            bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\"")
        {
            var inner = SearchReader(try text())
            let value = try inner.number()
            guard inner.isAtEnd else {
                position = start
                throw unexpected("a number")
            }
            return value
        }
        while position < bytes.count, bytes[position].isKeyByte || bytes[position] == UInt8(ascii: "+") {
            position += 1
        }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        // `Double` reads more than numbers as people write them: nan, inf, hexadecimal.
        guard let first = word.utf8.first(where: { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }),
            first == UInt8(ascii: ".") || (0x30...0x39).contains(first),
            word.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }), let value = Double(word)
        else {
            position = start
            throw unexpected("a number without quotes")
        }
        skipSpace()
        return value
    }

    /// A text in single or double quotes; a quote inside is doubled.
    mutating func text() throws(Refusal) -> String {
        guard position < bytes.count, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(bytes[position]) else {
            throw unexpected("a text in quotes")
        }
        return try quoted(by: bytes[position])
    }

    /// `('a', 'b')`
    mutating func list(atMost limit: Int) throws(Refusal) -> [String] {
        guard take(sign: "(") else { throw unexpected("a list such as ('a', 'b')") }
        var texts: [String] = []
        repeat {
            texts.append(try text())
            guard texts.count <= limit else {
                throw unreadableSearch("A list of the filter has more than \(limit) texts.")
            }
        } while take(sign: ",")
        guard take(sign: ")") else { throw unexpected("a comma or “)”") }
        return texts
    }

    func unexpected(_ wanted: String) -> Refusal {
        let found = isAtEnd ? "it ends" : "there is “\(String(decoding: bytes[position...].prefix(40), as: UTF8.self))”"
        return unreadableSearch("At position \(position) of the filter \(found), where \(wanted) has to be.")
    }

    private mutating func take(sign: Character) -> Bool {
        guard position < bytes.count, bytes[position] == sign.asciiValue else { return false }
        position += 1
        skipSpace()
        return true
    }

    private mutating func quotedName() throws(Refusal) -> String? {
        guard position < bytes.count, [UInt8(ascii: "`"), UInt8(ascii: "\"")].contains(bytes[position]) else {
            return nil
        }
        let name = try quoted(by: bytes[position])
        guard !name.isEmpty else { throw unreadableSearch("A name in the filter is empty.") }
        return name
    }

    private mutating func quoted(by quote: UInt8) throws(Refusal) -> String {
        var content: [UInt8] = []
        var index = position + 1
        while index < bytes.count {
            if bytes[index] == quote {
                guard index + 1 < bytes.count, bytes[index + 1] == quote else {
                    position = index + 1
                    skipSpace()
                    guard !content.contains(0) else {
                        throw unreadableSearch("A text of the filter has a NUL character.")
                    }
                    return String(decoding: content, as: UTF8.self)
                }
                index += 1
            }
            content.append(bytes[index])
            index += 1
        }
        throw unexpected("a text whose quote is closed")
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    fileprivate var isWordByte: Bool {
        isLetter || (0x30...0x39).contains(self) || self == UInt8(ascii: "_") || self >= 0x80
    }
    /// What a key without quotes may have: dots, signs, everything but space, quotes, comparisons and brackets.
    fileprivate var isKeyByte: Bool { self > 0x20 && self != 0x7F && !"'\"`=<>!(),;".utf8.contains(self) }
}
