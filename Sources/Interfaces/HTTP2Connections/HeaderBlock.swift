// SPDX-License-Identifier: Apache-2.0
/// The header or trailer of an answer, encoded (RFC 7541).
///
/// Every field is a literal that no table remembers, and no text is compressed: so a block is the same on each connection,
/// and those that are always the same are made once.
package struct HeaderBlock: Sendable, Equatable {
    private(set) var bytes: [UInt8] = []

    package init() {}

    /// - Parameter status: Of HTTP.
    package init(status: Int) {
        if status == 200 {
            // In the static table.
            bytes.append(0x88)
        } else {
            bytes.append(0x08)
            append(text: String(status))
        }
    }

    /// - Parameters:
    ///   - name: In lower case.
    ///   - value: Without control characters.
    package mutating func append(_ name: String, _ value: String) {
        bytes.append(0)
        append(text: name)
        append(text: value)
    }

    private mutating func append(text: String) {
        let utf8 = text.utf8
        // An integer with a prefix of seven bits.
        var rest = utf8.count
        if rest < 0x7F {
            bytes.append(UInt8(rest))
        } else {
            bytes.append(0x7F)
            rest -= 0x7F
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
        bytes.append(contentsOf: utf8)
    }
}
