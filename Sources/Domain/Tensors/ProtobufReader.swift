// SPDX-License-Identifier: Apache-2.0

/// Reads one message of Protocol Buffers, field by field, in place.
///
/// Everything that a message says of its own lengths is checked against the bytes that there are. Groups, which nobody has
/// written for years, are refused.
@safe package struct ProtobufReader {
    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    private let end: Int

    /// How a value lies in a message.
    package enum Wire: UInt8 {
        case varint = 0
        case fixed64 = 1
        /// A length, and as many bytes: texts, messages, and packed numbers.
        case bytes = 2
        case fixed32 = 5
    }

    @unsafe package init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        unsafe self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    package var isAtEnd: Bool { position == end }
    /// Bytes that are left.
    package var bytesLeft: Int { end - position }

    /// The number of the next field, and how its value lies behind it; `nil` at the end.
    package mutating func nextField() throws(CodecError) -> (number: Int, wire: Wire)? {
        guard position < end else { return nil }
        let tag = try readVarint()
        guard tag <= UInt64(UInt32.max), tag >> 3 > 0, let wire = Wire(rawValue: UInt8(tag & 7)) else {
            throw fault("no field begins like this")
        }
        return (Int(tag >> 3), wire)
    }

    package mutating func readVarint() throws(CodecError) -> UInt64 {
        guard position < end else { throw fault("it ends in a number") }
        let first = unsafe bytes[position]
        position &+= 1
        guard first >= 0x80 else { return UInt64(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while position < end {
            let byte = unsafe bytes[position]
            position &+= 1
            // The tenth byte holds the last bit.
            guard shift < 63 || byte <= 1 else { throw fault("a number has more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            guard byte >= 0x80 else { return value }
            shift &+= 7
        }
        throw fault("it ends in a number")
    }

    package mutating func readFixed32() throws(CodecError) -> UInt32 {
        guard end - position >= 4 else { throw fault("it ends in a number") }
        defer { position &+= 4 }
        return unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    package mutating func readFixed64() throws(CodecError) -> UInt64 {
        guard end - position >= 8 else { throw fault("it ends in a number") }
        defer { position &+= 8 }
        return unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// The bytes of a text, a message or packed numbers.
    @unsafe package mutating func readBytes() throws(CodecError) -> UnsafeRawBufferPointer {
        let range = try readRange()
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    private mutating func readRange() throws(CodecError) -> Range<Int> {
        let length = try readVarint()
        guard length <= UInt64(end - position) else { throw fault("a field is longer than its message") }
        let start = position
        position &+= Int(length)
        return start..<position
    }

    /// Calls `body` with what is left.
    func withRest<Result>(
        _ body: (UnsafeRawBufferPointer) throws(CodecError) -> Result
    ) throws(CodecError) -> Result {
        try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
    }

    /// Appends what is left to another message, as its field `field`.
    package func append(to writer: ByteWriter, field: Int) {
        writer.append(field, byteCount: bytesLeft) {
            unsafe writer.append(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
        }
    }

    package mutating func readMessage() throws(CodecError) -> ProtobufReader {
        unsafe ProtobufReader(bytes, try readRange())
    }

    package mutating func readString() throws(CodecError) -> String {
        let start = position
        let text = try unsafe readBytes()
        guard unsafe ByteView(text).firstInvalidUTF8(in: 0..<text.count) == nil else {
            throw CodecError(.encoding, "a text is not UTF-8", offset: start)
        }
        return unsafe String(decoding: text, as: UTF8.self)
    }

    package mutating func readBool() throws(CodecError) -> Bool { try readVarint() != 0 }

    /// Passes over a value that nobody here asks for.
    package mutating func skip(_ wire: Wire) throws(CodecError) {
        switch wire {
        case .varint: _ = try readVarint()
        case .fixed64: _ = try readFixed64()
        case .bytes: _ = try readRange()
        case .fixed32: _ = try readFixed32()
        }
    }

    /// Refuses a field whose value lies in another way than its type does.
    package func require(_ wire: Wire, _ expected: Wire, in field: String) throws(CodecError) {
        guard wire == expected else { throw CodecError(.syntax, "“\(field)” is of another type", offset: position) }
    }

    func fault(_ what: String) -> CodecError {
        CodecError(.syntax, "this is no such message: \(what)", offset: position)
    }
}
