// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259, strictly) from bytes, front to back, without building anything.
///
/// Decoders drive it: `enterArray` … `nextElement` … , `enterObject` … `nextName` … . Depth is counted on the way in, so
/// no document can make its reader recurse further than the limits allow.
struct JSONReader {
    let bytes: ByteView
    let limits: CodecLimits
    var position = 0
    /// The last NaN or infinity that ``readFloatText()`` met.
    var lastSpecial = 0.0
    /// Whether `null` stands for NaN where a floating-point number is read.
    var takesNull = false
    /// Whether `{"b64": "…"}` stands for bytes where a text is read.
    var takesBase64 = false
    /// Values of `parameters` so far, over the whole document.
    var parameterCount = 0
    private var depth = 0

    init(_ bytes: ByteView, limits: CodecLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while position < bytes.count {
            let byte = bytes[position]
            // Nothing but space, tab, line feed and carriage return is white, and all others lie above.
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position &+= 1
        }
    }

    /// The next byte that is not white; 0 at the end, which begins no value.
    @inline(__always)
    mutating func peek() -> UInt8 {
        skipWhitespace()
        return position < bytes.count ? bytes[position] : 0
    }

    @inline(__always)
    mutating func consume(_ byte: UInt8) -> Bool {
        guard peek() == byte, position < bytes.count else { return false }
        position &+= 1
        return true
    }

    /// Refuses whatever follows the document.
    mutating func finish() throws(CodecError) {
        skipWhitespace()
        if position < bytes.count { throw unexpected("the end of the document") }
    }

    // MARK: Arrays and objects

    mutating func enterArray() throws(CodecError) {
        guard consume(UInt8(ascii: "[")) else { throw unexpected("an array") }
        try descend()
    }

    mutating func enterObject() throws(CodecError) {
        guard consume(UInt8(ascii: "{")) else { throw unexpected("an object") }
        try descend()
    }

    private mutating func descend() throws(CodecError) {
        depth += 1
        guard depth <= limits.maxDepth else {
            throw CodecError(.limit, "nested deeper than \(limits.maxDepth) levels", offset: position)
        }
    }

    /// Moves to the array's next element; `false` when the array has ended.
    @inline(__always)
    mutating func nextElement(isFirst: Bool) throws(CodecError) -> Bool {
        let byte = peek()
        if byte == UInt8(ascii: "]") {
            position &+= 1
            depth -= 1
            return false
        }
        if isFirst { return true }
        guard byte == UInt8(ascii: ",") else { throw unexpected("',' or ']'") }
        position &+= 1
        return true
    }

    /// Reads the object's next name and its colon; `nil` when the object has ended.
    @inline(__always)
    mutating func nextName(isFirst: Bool) throws(CodecError) -> JSONText? {
        let byte = peek()
        if byte == UInt8(ascii: "}") {
            position &+= 1
            depth -= 1
            return nil
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else { throw unexpected("',' or '}'") }
            position &+= 1
        }
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
        let name = try readText()
        guard consume(UInt8(ascii: ":")) else { throw unexpected("':'") }
        return name
    }

    // MARK: Values

    /// Reads `true`, `false` or `null`, or gives `false` and stays.
    mutating func consume(literal: StaticString) -> Bool {
        skipWhitespace()
        let end = position + literal.utf8CodeUnitCount
        guard end <= bytes.count, bytes.equals(position..<end, literal) else { return false }
        position = end
        return true
    }

    mutating func readNumber() throws(CodecError) -> DecimalText {
        skipWhitespace()
        guard let number = DecimalText.scan(bytes, at: position) else { throw unexpected("a number") }
        position = number.range.upperBound
        return number
    }

    /// Passes over one value of any kind, checking its grammar, and gives the bytes it takes.
    ///
    /// Names that occur twice inside are not looked for: what is passed over is used by nobody.
    @discardableResult
    mutating func skipValue() throws(CodecError) -> Range<Int> {
        let first = peek()
        let start = position
        switch first {
        case UInt8(ascii: "{"):
            try enterObject()
            var isFirst = true
            while try nextName(isFirst: isFirst) != nil {
                try skipValue()
                isFirst = false
            }
        case UInt8(ascii: "["):
            try enterArray()
            var isFirst = true
            while try nextElement(isFirst: isFirst) {
                try skipValue()
                isFirst = false
            }
        case UInt8(ascii: "\""):
            _ = try readText()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            if !consume(literal: "-Infinity") { _ = try readNumber() }
        default:
            // The two last ones are Python's. Whoever reads the value decides whether they are wanted.
            let isKnown =
                consume(literal: "true") || consume(literal: "false") || consume(literal: "null")
                || consume(literal: "NaN") || consume(literal: "Infinity")
            if !isKnown { throw unexpected("a value") }
        }
        return start..<position
    }

    // MARK: Faults

    /// An error that says what was expected here and what stands there.
    @inline(never)
    func unexpected(_ expected: String) -> CodecError {
        guard position < bytes.count else {
            return CodecError(.syntax, "expected \(expected), found the end", offset: position)
        }
        let byte = bytes[position]
        let found =
            (0x21...0x7E).contains(byte)
            ? "'\(UnicodeScalar(byte))'" : "byte 0x" + String(byte, radix: 16, uppercase: true)
        return CodecError(.syntax, "expected \(expected), found \(found)", offset: position)
    }

    /// ``unexpected(_:)``, but of the rule ``CodecError/Rule/type`` where another kind of value begins.
    @inline(never)
    func wrongKind(_ expected: String) -> CodecError {
        guard position < bytes.count else { return unexpected(expected) }
        let kind: String
        switch bytes[position] {
        case UInt8(ascii: "\""): kind = "a string"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): kind = "true or false"
        case UInt8(ascii: "n"): kind = "null"
        case UInt8(ascii: "{"): kind = "an object"
        case UInt8(ascii: "["): kind = "an array"
        case UInt8(ascii: "N"), UInt8(ascii: "I"): kind = "NaN or Infinity"
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): kind = "a number"
        default: return unexpected(expected)
        }
        var probe = self
        // A broken value is broken first of all, and only then of the wrong kind.
        do throws(CodecError) { try probe.skipValue() } catch { return error }
        return CodecError(.type, "expected \(expected), found \(kind)", offset: position)
    }
}
