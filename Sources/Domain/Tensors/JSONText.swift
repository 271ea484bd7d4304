// SPDX-License-Identifier: Apache-2.0

/// Where a string lies in a document: the bytes between its quotes, which are UTF-8.
struct JSONText {
    let range: Range<Int>
    let hasEscapes: Bool
}

extension JSONReader {
    /// Reads a string and checks it: no control characters, known escapes, UTF-8, surrogates in pairs.
    @inline(__always)
    mutating func readText() throws(CodecError) -> JSONText {
        guard consume(UInt8(ascii: "\"")) else { throw unexpected("a string") }
        let start = position
        var index = position
        // Plain ASCII up to the closing quote: nearly every name.
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                guard index &- start <= limits.maxStringBytes else { break }
                position = index &+ 1
                return JSONText(range: start..<index, hasEscapes: false)
            }
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { break }
            index &+= 1
        }
        return try readUnusualText(from: start)
    }

    @inline(never)
    private mutating func readUnusualText(from start: Int) throws(CodecError) -> JSONText {
        var hasEscapes = false
        position = start
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else { throw unexpected("no control character inside a string") }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                _ = try readEscape()
            } else {
                position += 1
            }
        }
        guard position < bytes.count else { throw unexpected("the closing quote of a string") }
        let range = start..<position
        guard range.count <= limits.maxStringBytes else {
            throw CodecError(.limit, "a string is longer than \(limits.maxStringBytes) bytes", offset: start)
        }
        if let invalid = bytes.firstInvalidUTF8(in: range) {
            throw CodecError(.encoding, "a string is not UTF-8", offset: invalid)
        }
        position += 1
        return JSONText(range: range, hasEscapes: hasEscapes)
    }

    /// Reads the escape that begins here, both halves of a surrogate pair together.
    private mutating func readEscape() throws(CodecError) -> UnicodeScalar {
        let start = position
        position += 1
        guard position < bytes.count else { throw unexpected("the rest of an escape") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default:
            position -= 1
            throw unexpected("an escape that JSON has")
        }
        let first = try readHexadecimals()
        if let scalar = UnicodeScalar(first) { return scalar }
        if first < 0xDC00, position + 2 <= bytes.count, bytes.equals(position..<(position + 2), "\\u") {
            position += 2
            let second = try readHexadecimals()
            if (0xDC00...0xDFFF).contains(second),
                let scalar = UnicodeScalar(0x10000 + (first - 0xD800) << 10 + second - 0xDC00)
            {
                return scalar
            }
        }
        throw CodecError(.encoding, "half of a surrogate pair is no character", offset: start)
    }

    private mutating func readHexadecimals() throws(CodecError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Self.hexadecimal(bytes[position]) else {
                throw unexpected("four hexadecimal digits")
            }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    // MARK: What a text says

    /// Whether the text is `expected`, however it is escaped.
    @inline(__always)
    func matches(_ text: JSONText, _ expected: StaticString) -> Bool {
        if text.hasEscapes {
            return unsafe string(text).utf8.elementsEqual(
                UnsafeBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount))
        }
        return bytes.equals(text.range, expected)
    }

    func string(_ text: JSONText) -> String {
        guard text.hasEscapes else { return bytes.text(text.range) }
        return String(decoding: unescaped(text), as: UTF8.self)
    }

    /// The text's UTF-8 bytes with its escapes resolved.
    func unescaped(_ text: JSONText) -> [UInt8] {
        guard text.hasEscapes else { return unsafe [UInt8](bytes.buffer(text.range)) }
        var reader = self
        reader.position = text.range.lowerBound
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.range.count)
        while reader.position < text.range.upperBound {
            let byte = bytes[reader.position]
            if byte == UInt8(ascii: "\\"), let scalar = try? reader.readEscape() {
                decoded.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                decoded.append(byte)
                reader.position += 1
            }
        }
        return decoded
    }
}
