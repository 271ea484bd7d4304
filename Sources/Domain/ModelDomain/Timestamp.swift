// SPDX-License-Identifier: Apache-2.0

/// A moment, in microseconds since 1970-01-01 UTC: what the stores keep.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// - Parameter milliseconds: Since 1970; of a moment that fits.
    package init(milliseconds: Int64) {
        microseconds = milliseconds.multipliedReportingOverflow(by: 1000).partialValue
    }

    /// Milliseconds since 1970, as MLflow counts.
    package var milliseconds: Int64 { flooredDivision(microseconds, by: 1000).quotient }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// `2026-11-21T05:24:36.123456Z` (RFC 3339).
    package var text: String {
        let (seconds, fraction) = flooredDivision(microseconds, by: 1_000_000)
        let (days, second) = flooredDivision(seconds, by: 86_400)
        let (year, month, day) = civilDate(daysSince1970: days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
            + ".\(padded(fraction, 6))Z"
    }
}

private func flooredDivision(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Days to a date of the proleptic Gregorian calendar, by counting in eras of 400 years that start on 1 March.
private func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = flooredDivision(daysSince1970 + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

extension Duration {
    /// Whole ones, in the grain of a ``Timestamp``.
    package var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
