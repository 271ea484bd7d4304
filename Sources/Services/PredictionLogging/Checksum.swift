// SPDX-License-Identifier: Apache-2.0

/// CRC-32C (Castagnoli), as iSCSI has it (RFC 3720, B.4): what tells a block that was written to its end from one that was
/// not.
func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var value = UInt32.max
    for byte in bytes { value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ (value >> 8) }
    return ~value
}

private let table: InlineArray<256, UInt32> = InlineArray { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
}
