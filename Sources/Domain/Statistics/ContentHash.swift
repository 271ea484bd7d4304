// SPDX-License-Identifier: Apache-2.0

/// 64 bits that stand for some bytes, the same on every machine, so that sketches of several replicas can be added up.
///
/// Eight bytes at a time are multiplied to twice their width and folded. No secret is in it: whoever chooses the bytes can
/// make them collide, which costs a sketch its accuracy and nothing else.
package func contentHash(_ bytes: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
    let count = bytes.count
    var hash = seed ^ 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: count)
    if count >= 8 {
        var place = 0
        while place &+ 8 < count {
            hash = fold(hash ^ word(bytes, at: place), 0xA076_1D64_78BD_642F)
            place &+= 8
        }
        // The last eight, of which the word before may have had some.
        hash = fold(hash ^ word(bytes, at: count &- 8), 0xE703_7ED1_A0B4_28DB)
    } else {
        var rest: UInt64 = 0
        for place in 0..<count { rest = rest << 8 | UInt64(bytes[place]) }
        hash = fold(hash ^ rest, 0xE703_7ED1_A0B4_28DB)
    }
    return fold(hash, 0x8EBC_6AF0_9C88_C6E3)
}

/// Eight bytes, the first one lowest.
@inline(__always)
func word(_ bytes: Span<UInt8>, at place: Int) -> UInt64 {
    // The load checks that eight bytes are there.
    UInt64(littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
}

/// Another 64 bits from the same ones: a hash function of its own for every `seed`.
func remix(_ hash: UInt64, seed: UInt64) -> UInt64 {
    var generator = SplitMix(seed: hash ^ seed &* 0xD6E8_FEB8_6659_FD93)
    return generator.next()
}

@inline(__always)
private func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
    // A factor of 0 would forget the other.
    let (high, low) = (one | 1 << 63).multipliedFullWidth(by: other)
    return high ^ low ^ one
}
