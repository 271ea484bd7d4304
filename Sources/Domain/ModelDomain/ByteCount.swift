// SPDX-License-Identifier: Apache-2.0

/// A number of bytes, as people write it: `67108864`, `64MiB`, `1GiB`; more than nothing.
package struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let bytes: Int

    /// In the words of an error.
    package static let form = "a number of bytes such as 65536, 64KiB, 64MiB or 1GiB"

    package init(bytes: Int) { self.bytes = bytes }

    /// - Returns: `nil` for everything but digits with a unit or without one.
    package init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
        guard let number = Int(digits), number > 0, let unit = units[String(text[digits.endIndex...])] else {
            return nil
        }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit)
        guard !overflows else { return nil }
        self.bytes = bytes
    }

    /// In the largest unit that needs no decimals.
    package var description: String {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where bytes % size == 0 {
            return "\(bytes / size)\(unit)"
        }
        return "\(bytes)"
    }

    package static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
}
