// SPDX-License-Identifier: Apache-2.0

/// What a token is called: the first 12 hexadecimal digits of its hash, which say nothing of the token itself.
package struct TokenID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package static let digitCount = 12

    package let rawValue: String

    /// - Returns: `nil` unless `text` is 12 lower-case hexadecimal digits.
    package init?(_ text: String) {
        guard text.utf8.count == Self.digitCount,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        rawValue = text
    }

    package init(of digest: Digest) { rawValue = String(digest.hex.prefix(Self.digitCount)) }

    package var description: String { rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
