// SPDX-License-Identifier: Apache-2.0

/// What traffic of an endpoint is judged together: all that comes in some time, or so many rows.
package enum MonitorWindow: Sendable, Hashable, CustomStringConvertible {
    case time(Lifetime)
    /// At least so many rows: what came together is judged together.
    case rows(Int)

    package static let standard = MonitorWindow.time(Lifetime(seconds: 3600) ?? .standardLogRetention)
    private static let times = 60...7 * 86_400
    private static let counts = 500...10_000_000
    private static let unit = "rows"

    /// In the words of an error.
    package static let form =
        "a length of time from 1m to 7d, or a count of rows such as 1000rows, from \(counts.lowerBound) to \(counts.upperBound)"

    /// `1h` or `1000rows`.
    ///
    /// - Returns: `nil` for everything else.
    package init?(_ text: String) {
        if text.hasSuffix(Self.unit) {
            let digits = text.dropLast(Self.unit.utf8.count)
            guard digits.utf8.count <= 8, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let count = Int(digits), Self.counts.contains(count)
            else { return nil }
            self = .rows(count)
        } else {
            guard let time = Lifetime(text), Self.times.contains(time.seconds) else { return nil }
            self = .time(time)
        }
    }

    package var description: String {
        switch self {
        case .time(let time): time.description
        case .rows(let count): "\(count)\(Self.unit)"
        }
    }
}

/// How often an endpoint may be called broken that is not, at most and on average: `1/30d`.
package struct AlarmRate: Sendable, Hashable, CustomStringConvertible {
    /// Time to one false alarm.
    package let interval: Lifetime

    package static let standard = AlarmRate(interval: Lifetime(seconds: 30 * 86_400) ?? .standardLogRetention)
    /// In the words of an error.
    package static let form = "one in a length of time, such as 1/30d, from 1/1h to 1/3650d"

    private init(interval: Lifetime) { self.interval = interval }

    /// - Returns: `nil` for what is no rate.
    package init?(_ text: String) {
        guard text.hasPrefix("1/"), let interval = Lifetime(text.dropFirst(2)), interval.seconds >= 3600 else {
            return nil
        }
        self.interval = interval
    }

    package var description: String { "1/\(interval)" }
}
