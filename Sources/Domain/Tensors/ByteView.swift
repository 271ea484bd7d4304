// SPDX-License-Identifier: Apache-2.0

/// Borrowed bytes with checked reads: what every decoder of this room looks at.
///
/// Valid only inside the call that lent the buffer; never stored beyond it. Each read is checked, so a mistake in a
/// decoder stops the process instead of reading foreign memory.
@safe struct ByteView {
    private let base: UnsafeRawPointer
    let count: Int

    @unsafe init(_ buffer: UnsafeRawBufferPointer) {
        // An empty buffer may have no address; it is never read, so any address does.
        unsafe base = buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped
        count = buffer.count
    }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
        return unsafe base.load(fromByteOffset: index, as: UInt8.self)
    }

    /// The eight bytes from `index`, the first in the lowest bits.
    ///
    /// - Precondition: `index + 8 <= count`.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        precondition(index >= 0 && count &- index >= 8)
        return unsafe UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// The bytes of `range`, to copy or compare.
    @inline(__always)
    @unsafe func buffer(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    /// The text of `range`, which must have been found to be UTF-8.
    func text(_ range: Range<Int>) -> String {
        unsafe String(decoding: buffer(range), as: UTF8.self)
    }

    /// Whether the bytes from `position` on begin with those of `range` in `other`.
    @inline(__always)
    func begins(at position: Int, with range: Range<Int>, of other: ByteView) -> Bool {
        guard range.count <= count &- position else { return false }
        var index = 0
        while range.count &- index >= 8 {
            guard word(at: position &+ index) == other.word(at: range.lowerBound &+ index) else { return false }
            index &+= 8
        }
        while index < range.count {
            guard self[position &+ index] == other[range.lowerBound &+ index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the bytes of `range` are exactly those of `text`.
    @inline(__always)
    func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where unsafe self[range.lowerBound + index] != text.utf8Start[index] {
            return false
        }
        return true
    }
}
