// SPDX-License-Identifier: Apache-2.0

/// How long something holds or is kept, as people write it: `30m`, `12h`, `90d`; whole seconds, at least one, at most ten years.
package struct Lifetime: Sendable, Hashable, CustomStringConvertible {
    package let seconds: Int

    /// In the words of an error.
    package static let form = "a length of time such as 30m, 12h or 90d, at most 3650d"
    private static let longest = 3650 * 86_400
    private static let units: [(name: String, seconds: Int)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    private init(unchecked seconds: Int) { self.seconds = seconds }

    /// How long predictions are kept where nobody says it.
    package static let standardLogRetention = Lifetime(unchecked: 90 * 86_400)

    /// - Returns: `nil` unless `seconds` is from 1 to ten years.
    package init?(seconds: Int) {
        guard (1...Self.longest).contains(seconds) else { return nil }
        self.seconds = seconds
    }

    /// Digits and a unit.
    ///
    /// - Returns: `nil` for everything else, nothing and negative ones included.
    package init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.utf8.count), let count = Int(digits),
            let unit = Self.units.first(where: { $0.name == text[digits.endIndex...] })
        else { return nil }
        // Nine digits of days are far from what an Int holds.
        self.init(seconds: count * unit.seconds)
    }

    /// In the largest unit that it is a whole number of.
    package var description: String {
        let unit = Self.units.first { seconds.isMultiple(of: $0.seconds) } ?? ("s", 1)
        return "\(seconds / unit.seconds)\(unit.name)"
    }
}

extension Timestamp {
    package func after(_ lifetime: Lifetime) -> Timestamp {
        Timestamp(microseconds: microseconds + Int64(lifetime.seconds) * 1_000_000)
    }
}
