// SPDX-License-Identifier: Apache-2.0

/// What a byte may be in a head, by bit masks: no table to look up in memory.
enum ByteClass {
    /// `!#$%&'*+-.^_`|~`, digits and letters: methods and the names of headers (RFC 9110, 5.6.2).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        byte < 0x80 && (byte < 64 ? tokensLow : tokensHigh) >> UInt64(byte & 63) & 1 == 1
    }

    /// Visible characters, spaces, tabs and bytes of other encodings: the values of headers (RFC 9110, 5.5).
    @inline(__always)
    static func isValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    /// Visible ASCII: targets. Everything else has to be escaped there.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    private static let tokensLow: UInt64 = 0x03FF_6CFA_0000_0000
    private static let tokensHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE
}

/// Whether the bytes of `range` are `lowercase`, whatever the case of their letters.
@inline(__always)
func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, _ lowercase: StaticString) -> Bool {
    range.count == lowercase.utf8CodeUnitCount && begins(bytes, range, with: lowercase)
}

/// Whether the bytes of `range` begin with `lowercase`, whatever the case of their letters.
@inline(__always)
func begins(_ bytes: Span<UInt8>, _ range: Range<Int>, with lowercase: StaticString) -> Bool {
    guard range.count >= lowercase.utf8CodeUnitCount else { return false }
    for index in 0..<lowercase.utf8CodeUnitCount {
        let (byte, expected) = unsafe (bytes[range.lowerBound &+ index], lowercase.utf8Start[index])
        guard byte == expected || (byte | 0x20 == expected && byte >= 0x41 && byte <= 0x5A) else { return false }
    }
    return true
}

/// The bytes of `range` as text; what is no UTF-8 becomes a replacement character.
func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
}
