// SPDX-License-Identifier: Apache-2.0
internal import Crypto

/// A SHA-256: the name of a content.
package struct Digest: Sendable, Hashable, CustomStringConvertible, Comparable {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    /// - Returns: `nil` unless `hex` is 64 lower-case hexadecimal digits, with or without `sha256:` before them.
    package init?(_ hex: String) {
        let digits = hex.hasPrefix("sha256:") ? hex.dropFirst(7) : hex[...]
        guard digits.utf8.count == 64,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hex = String(digits)
    }

    package init(of bytes: some Sequence<UInt8>) {
        var hasher = DigestHasher()
        hasher.update(Array(bytes))
        self = hasher.finish()
    }

    /// The 32 bytes of a SHA-256, for what has no use for their digits.
    package static func bytes(of bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    fileprivate init(trusted hex: String) { self.hex = hex }

    package var description: String { "sha256:" + hex }
    /// The 32 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        append(to: &bytes)
        return bytes
    }
    /// Adds the 32 bytes.
    func append(to bytes: inout [UInt8]) {
        var high: UInt8?
        for digit in hex.utf8 {
            let value = digit < 0x3A ? digit - 0x30 : digit - 0x57
            guard let first = high else {
                high = value << 4
                continue
            }
            bytes.append(first | value)
            high = nil
        }
    }

    /// Enough to tell contents apart on a screen.
    package var short: String { String(hex.prefix(12)) }

    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }
}

/// A SHA-256 over bytes that come in pieces.
package struct DigestHasher {
    private var hasher = SHA256()

    package init() {}

    package mutating func update(_ bytes: [UInt8]) {
        hasher.update(data: bytes)
    }

    package func finish() -> Digest { Digest(trusted: lowercaseHex(hasher.finalize())) }
}

package func lowercaseHex(_ bytes: some Sequence<UInt8>) -> String {
    let digit = { (value: UInt8) in value < 10 ? value + 0x30 : value + 0x57 }
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.underestimatedCount)
    for byte in bytes {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}
