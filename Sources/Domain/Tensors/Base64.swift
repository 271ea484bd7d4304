// SPDX-License-Identifier: Apache-2.0

/// Decodes base64 (RFC 4648), in the standard alphabet or the one for URLs, with or without padding.
///
/// - Returns: `nil` for any other byte, padding in the middle, or a length that no bytes have.
@unsafe func decodeBase64(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    var end = text.count
    while end > 0, text.count - end < 2, unsafe text[end - 1] == UInt8(ascii: "=") { end -= 1 }
    guard end % 4 != 1, text.count == end || text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(end / 4 * 3 + 2)
    var bits: UInt32 = 0
    var bitCount = 0
    for index in 0..<end {
        guard let value = sextet(unsafe text[index]) else { return nil }
        bits = bits << 6 | value
        bitCount += 6
        if bitCount >= 8 {
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }
    }
    return bytes
}

private func sextet(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
}

extension Tensor {
    /// The bytes that the elements of a BYTES tensor say in base64.
    ///
    /// - Throws: ``CodecError/Rule/encoding`` for an element that is none, ``CodecError/Rule/type`` for other datatypes.
    package func decodingBase64() throws(CodecError) -> Tensor {
        guard datatype == .bytes else {
            throw CodecError(.type, "base64 stands for BYTES, and the input is \(datatype.rawValue)")
        }
        var elements = TextElements()
        for index in 0..<(offsets.count - 1) {
            guard let bytes = unsafe withBytes(at: index, { unsafe decodeBase64($0) }) else {
                throw CodecError(.encoding, "element \(index) is not base64")
            }
            unsafe bytes.withUnsafeBytes { unsafe elements.append($0) }
        }
        return elements.tensor(shape: shape)
    }
}

extension ByteWriter {
    /// Appends `{"b64":"…"}`, in the standard alphabet with padding.
    @unsafe func append(base64Element bytes: UnsafeRawBufferPointer) {
        append("{\"b64\":\"")
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var bits: UInt32 = 0
            for index in 0..<3 { bits = bits << 8 | (index < count ? UInt32(unsafe bytes[start + index]) : 0) }
            for index in 0..<4 {
                append(index <= count ? character(of: bits >> UInt32(18 - 6 * index) & 63) : UInt8(ascii: "="))
            }
        }
        append("\"}")
    }
}

private func character(of sextet: UInt32) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: sextet)
    return switch value {
    case 0..<26: UInt8(ascii: "A") + value
    case 26..<52: UInt8(ascii: "a") + value - 26
    case 52..<62: UInt8(ascii: "0") + value - 52
    case 62: UInt8(ascii: "+")
    default: UInt8(ascii: "/")
    }
}

extension JSONReader {
    /// Reads `{"b64": "…"}`, as TensorFlow Serving writes bytes that need not be text.
    mutating func readBase64Element(into texts: inout TextElements) throws(CodecError) {
        try enterObject()
        guard let name = try nextName(isFirst: true), matches(name, "b64") else {
            throw CodecError(.type, "expected a text, or an object with “b64” alone", offset: position)
        }
        guard peek() == UInt8(ascii: "\"") else { throw wrongKind("a string") }
        let text = try readText()
        let bytes =
            text.hasEscapes
            ? unsafe unescaped(text).withUnsafeBytes { unsafe decodeBase64($0) }
            : unsafe decodeBase64(bytes.buffer(text.range))
        guard let bytes else {
            throw CodecError(.encoding, "the text is not base64", offset: text.range.lowerBound)
        }
        guard try nextName(isFirst: false) == nil else {
            throw CodecError(.type, "expected a text, or an object with “b64” alone", offset: position)
        }
        unsafe bytes.withUnsafeBytes { unsafe texts.append($0) }
    }
}
