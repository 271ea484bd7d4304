// SPDX-License-Identifier: Apache-2.0

/// The token of an `Authorization` header: what stands behind `Bearer`, or the password behind `Basic`, whatever the
/// name of the user is.
///
/// - Returns: `nil` for another scheme, for none, and for a `Basic` that cannot be read.
package func presentedToken(inHeader value: String?) -> String? {
    guard let value else { return nil }
    if let rest = value.parameter(ofScheme: "bearer ") { return rest }
    guard let credentials = value.parameter(ofScheme: "basic ").flatMap(decodedBase64) else { return nil }
    // A name has no colon, a password may have one (RFC 7617, 2).
    guard let colon = credentials.firstIndex(of: UInt8(ascii: ":")), colon + 1 < credentials.count else { return nil }
    return String(validating: credentials[(colon + 1)...], as: UTF8.self)
}

extension String {
    fileprivate func parameter(ofScheme scheme: String) -> String? {
        let count = scheme.utf8.count
        guard utf8.count > count, prefix(count).lowercased() == scheme else { return nil }
        return dropFirst(count).trimmingWhitespace
    }
}

/// Longer ones hold no token of ours and no name that anybody types.
private let longestCredentials = 2048

/// The bytes of a text in base64 with its padding; `nil` for anything that an encoder would not have written.
private func decodedBase64(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    guard bytes.count.isMultiple(of: 4), (4...longestCredentials).contains(bytes.count) else { return nil }
    let padding = bytes.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count / 4 * 3)
    var (bits, bitCount): (UInt32, UInt32) = (0, 0)
    for byte in bytes.dropLast(padding) {
        guard let value = sextet(byte) else { return nil }
        bits = bits << 6 | value
        bitCount += 6
        guard bitCount >= 8 else { continue }
        bitCount -= 8
        decoded.append(UInt8(truncatingIfNeeded: bits >> bitCount))
        bits &= (1 << bitCount) - 1
    }
    // What is left over in the last letter is nothing.
    return bits == 0 ? decoded : nil
}

private func sextet(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}

extension StringProtocol {
    var trimmingWhitespace: String {
        String(String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace)).reversed())
    }
}
