// SPDX-License-Identifier: Apache-2.0

/// Messages of Protocol Buffers, field by field. What a field holds by default is left out, as in every proto3 message.
extension ByteWriter {
    package func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    private func append(tag field: Int, _ wire: ProtobufReader.Wire) {
        append(varint: UInt64(field) << 3 | UInt64(wire.rawValue))
    }

    package func append(_ field: Int, _ number: Int) {
        guard number != 0 else { return }
        append(tag: field, .varint)
        append(varint: UInt64(bitPattern: Int64(number)))
    }

    package func append(_ field: Int, _ flag: Bool) {
        if flag { append(field, 1) }
    }

    package func append(_ field: Int, _ text: String) {
        guard !text.isEmpty else { return }
        append(element: field, text)
    }

    /// An element of a list, which is there even when it is empty.
    package func append(element field: Int, _ text: String) {
        append(tag: field, .bytes)
        append(varint: UInt64(text.utf8.count))
        append(utf8: text)
    }

    /// A field of `byteCount` bytes that `body` appends.
    package func append(_ field: Int, byteCount: Int, _ body: () -> Void) {
        append(tag: field, .bytes)
        append(varint: UInt64(byteCount))
        let start = count
        body()
        assert(count - start == byteCount, "another length than was said")
    }

    /// A message inside of this one.
    package func append(message field: Int, _ body: (ByteWriter) -> Void) {
        let inner = ByteWriter(capacity: 256)
        body(inner)
        append(field, byteCount: inner.count) { unsafe inner.withUnsafeBytes { unsafe append($0) } }
    }

    /// Packed numbers.
    package func append(_ field: Int, packed numbers: some Collection<Int>) {
        guard !numbers.isEmpty else { return }
        let byteCount = numbers.reduce(0) { $0 + varintByteCount(UInt64(bitPattern: Int64($1))) }
        append(field, byteCount: byteCount) {
            for number in numbers { append(varint: UInt64(bitPattern: Int64(number))) }
        }
    }
}

/// What a number takes.
func varintByteCount(_ value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }

/// What a field of `byteCount` bytes takes with what stands before it, for field numbers below 16.
func fieldByteCount(_ byteCount: Int) -> Int { 1 + varintByteCount(UInt64(byteCount)) + byteCount }
