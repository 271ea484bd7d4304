// SPDX-License-Identifier: Apache-2.0

/// How many requests a caller may send in a length of time, as people write it: `100/s`, `600/m`, `1000/h`.
package struct RequestRate: Sendable, Hashable, CustomStringConvertible {
    package enum Period: String, Sendable, CaseIterable {
        case second = "s"
        case minute = "m"
        case hour = "h"

        package var nanoseconds: Int {
            switch self {
            case .second: 1_000_000_000
            case .minute: 60_000_000_000
            case .hour: 3_600_000_000_000
            }
        }
    }

    package static let largestCount = 1_000_000
    /// In the words of an error.
    package static let form = "a rate such as 100/s, 600/m or 1000/h"

    /// 1 to ``largestCount``.
    package let count: Int
    package let period: Period

    /// - Returns: `nil` for what is no rate.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 12, let slash = text.firstIndex(of: "/") else { return nil }
        let digits = text[..<slash]
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(digits),
            (1...Self.largestCount).contains(count),
            let period = Period(rawValue: String(text[text.index(after: slash)...]))
        else { return nil }
        self.count = count
        self.period = period
    }

    /// From one request to the next at this rate.
    package var intervalNanoseconds: Int { period.nanoseconds / count }

    package var description: String { "\(count)/\(period.rawValue)" }
}
