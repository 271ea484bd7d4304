// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// A length of time, as people write it: `500ms`, `30s`, `5m`.
struct TimeSpan: ExpressibleByArgument, Equatable, CustomStringConvertible {
    let duration: Duration

    init(duration: Duration) { self.duration = duration }

    /// At most a day.
    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let units = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
        guard let number = Int(digits), let unit = units[String(argument.dropFirst(digits.count))] else { return nil }
        let (milliseconds, overflows) = number.multipliedReportingOverflow(by: unit)
        guard !overflows, milliseconds <= 86_400_000 else { return nil }
        duration = .milliseconds(milliseconds)
    }

    var description: String {
        let milliseconds = Int(duration / .milliseconds(1))
        for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        where milliseconds > 0 && milliseconds % size == 0 { return "\(milliseconds / size)\(unit)" }
        return "\(milliseconds)ms"
    }

    var defaultValueDescription: String { description }
}
