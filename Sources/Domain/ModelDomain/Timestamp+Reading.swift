// SPDX-License-Identifier: Apache-2.0

extension Timestamp {
    /// How a moment is written, as advice.
    package static let form =
        "2026-03-01, 2026-03-01 14:05 or 2026-03-01T14:05:30.25Z, in UTC unless +01:00 stands behind it"

    /// A date, or a date and a time of day, behind which `Z` or a distance from UTC may stand; UTC without it.
    ///
    /// - Returns: `nil` for what is no moment of the calendar.
    package init?(_ text: String) { self.init(utf8: Array(text.utf8)) }

    /// - Returns: `nil` for what is no moment of the calendar.
    package init?(utf8 bytes: [UInt8]) {
        var digits = DigitReader(bytes)
        guard let year = digits.number(4), digits.take("-"), let month = digits.number(2), digits.take("-"),
            let day = digits.number(2), (1...12).contains(month), (1...length(ofMonth: month, year)).contains(day)
        else { return nil }
        var microseconds = daysSince1970(year, month, day) * 86_400_000_000
        if digits.take("T") || digits.take(" ") {
            guard let hour = digits.number(2), hour < 24, digits.take(":"), let minute = digits.number(2), minute < 60
            else { return nil }
            microseconds += (hour * 60 + minute) * 60_000_000
            if digits.take(":") {
                guard let second = digits.number(2), second < 60 else { return nil }
                microseconds += second * 1_000_000
                if digits.take(".") {
                    guard let fraction = digits.fraction() else { return nil }
                    microseconds += fraction
                }
            }
            guard digits.take("Z") || digits.isAtEnd || digits.takeOffset(from: &microseconds) else { return nil }
        }
        guard digits.isAtEnd else { return nil }
        self.init(microseconds: microseconds)
    }
}

/// Reads numbers of so many digits.
private struct DigitReader {
    private var rest: ArraySlice<UInt8>

    /// Longer ones than any moment are none.
    init(_ bytes: [UInt8]) { rest = bytes.count <= 40 ? bytes[...] : [0x3F] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: sign) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(_ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        guard digits.count == count else { return nil }
        rest = rest.dropFirst(count)
        return value
    }

    /// One to nine digits behind the point, as microseconds.
    mutating func fraction() -> Int64? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let value = digits.prefix(6).reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
        return (digits.count..<max(6, digits.count)).reduce(value) { value, _ in value * 10 }
    }

    /// `+01:00`, which is taken off.
    mutating func takeOffset(from microseconds: inout Int64) -> Bool {
        let isEast = take("+")
        guard isEast || take("-"), let hour = number(2), take(":"), let minute = number(2), hour < 24, minute < 60
        else {
            return false
        }
        microseconds -= (hour * 60 + minute) * (isEast ? 60_000_000 : -60_000_000)
        return true
    }
}

private func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// By counting in eras of 400 years that start on 1 March, as ``Timestamp/text`` does the other way.
private func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
}
