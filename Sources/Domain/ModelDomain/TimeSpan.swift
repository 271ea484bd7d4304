// SPDX-License-Identifier: Apache-2.0

/// A length of time as people write it: `250us`, `100ms`, `1.5s`, `2m`, `1h`; more than nothing, at most a day.
package struct TimeSpan: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let nanoseconds: Int

    package static let longest = TimeSpan(unchecked: 24 * 3_600_000_000_000)
    /// In the words of an error.
    package static let form = "a length of time such as 250us, 100ms, 1.5s, 2m or 1h, at most 24h"

    private static let units: [(name: String, nanoseconds: Int)] = [
        ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000),
        ("µs", 1000),
    ]

    private init(unchecked nanoseconds: Int) { self.nanoseconds = nanoseconds }

    /// - Returns: `nil` unless `nanoseconds` is from 1 to a day.
    package init?(nanoseconds: Int) {
        guard (1...Self.longest.nanoseconds).contains(nanoseconds) else { return nil }
        self.nanoseconds = nanoseconds
    }

    /// A number with at most three decimals, and its unit.
    ///
    /// - Returns: `nil` for everything else, nothing and negative ones included.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 20 else { return nil }
        let whole = text.prefix { $0.isASCII && $0.isNumber }
        var rest = text[whole.endIndex...]
        guard !whole.isEmpty, whole.utf8.count <= 9, let count = Int(whole) else { return nil }
        var thousandths = 0
        if rest.first == "." {
            let decimals = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard (1...3).contains(decimals.utf8.count), let number = Int(decimals) else { return nil }
            thousandths = number * (decimals.utf8.count == 1 ? 100 : decimals.utf8.count == 2 ? 10 : 1)
            rest = rest[decimals.endIndex...]
        }
        guard let unit = Self.units.first(where: { $0.name == rest })?.nanoseconds else { return nil }
        // At most 10⁹ · 3.6 · 10¹² and as much again in thousandths: checked, because it is more than an Int holds.
        let (product, overflows) = count.multipliedReportingOverflow(by: unit)
        guard !overflows, product <= Self.longest.nanoseconds else { return nil }
        self.init(nanoseconds: product + unit / 1000 * thousandths)
    }

    package var duration: Duration { .nanoseconds(nanoseconds) }

    /// In the largest unit that needs no decimals; nanoseconds where none does.
    package var description: String {
        for (name, size) in Self.units where nanoseconds % size == 0 { return "\(nanoseconds / size)\(name)" }
        return "\(nanoseconds)ns"
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}
