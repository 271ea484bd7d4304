// SPDX-License-Identifier: Apache-2.0

/// A place in memory that is written from its front to its end. Whoever makes one has counted before how much it takes.
@safe struct BytePen {
    private let base: UnsafeMutableRawPointer?
    private let capacity: Int
    private(set) var count = 0

    /// The buffer outlives it.
    @unsafe init(_ buffer: UnsafeMutableRawBufferPointer) {
        unsafe base = buffer.baseAddress
        capacity = buffer.count
    }

    private mutating func advance(_ byteCount: Int) -> Int {
        precondition(byteCount <= capacity - count, "more than was counted")
        defer { count += byteCount }
        return count
    }

    mutating func put(_ byte: UInt8) {
        let place = advance(1)
        unsafe base?.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
    }

    mutating func put(fixed number: UInt64) {
        let place = advance(8)
        unsafe base?.storeBytes(of: number.littleEndian, toByteOffset: place, as: UInt64.self)
    }

    /// Seven bits a byte, the lowest first; at most nine bytes.
    ///
    /// - Precondition: It is not negative.
    mutating func put(_ number: Int) {
        var rest = UInt64(number)
        while rest >= 0x80 {
            put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        put(UInt8(rest))
    }

    mutating func put(_ text: String) {
        var text = text
        put(text.utf8.count)
        text.withUTF8 { unsafe put(UnsafeRawBufferPointer($0)) }
    }

    @unsafe mutating func put(_ bytes: UnsafeRawBufferPointer) {
        let place = advance(bytes.count)
        guard let source = bytes.baseAddress, let base = unsafe base else { return }
        unsafe (base + place).copyMemory(from: source, byteCount: bytes.count)
    }
}

/// Bytes that are read from their front to their end. What is not there is `nil`, and stays so.
package struct ByteScan {
    private let bytes: ArraySlice<UInt8>
    package private(set) var place: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    package var isAtEnd: Bool { place == bytes.endIndex }

    package mutating func byte() -> UInt8? {
        guard place < bytes.endIndex else { return nil }
        defer { place += 1 }
        return bytes[place]
    }

    package mutating func fixed() -> UInt64? {
        guard let part = slice(8) else { return nil }
        return part.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// - Returns: `nil` for a negative number, too: nothing here is.
    package mutating func number() -> Int? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 63, by: 7) {
            guard let byte = byte() else { return nil }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return Int(exactly: value) }
        }
        return nil
    }

    package mutating func text() -> String? {
        guard let count = number(), let part = slice(count) else { return nil }
        return String(decoding: part, as: UTF8.self)
    }

    package mutating func slice(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.endIndex - place else { return nil }
        defer { place += count }
        return bytes[place..<place + count]
    }
}
