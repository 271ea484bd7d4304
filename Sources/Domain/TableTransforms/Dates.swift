// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// Parts of dates and times, as pandas names and counts them.
enum DatePart: String, CaseIterable, Sendable {
    case year, quarter, month, week, day, weekday, hour, minute, second, days, seconds
    case dayOfYear = "day_of_year"
    case isWeekend = "is_weekend"
    case isMonthStart = "is_month_start"
    case isMonthEnd = "is_month_end"
}

func buildParts(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "parts")
    let columns = try fields.columns()
    let named = try fields.texts("parts") ?? []
    let parts = named.compactMap(DatePart.init(rawValue:))
    guard !parts.isEmpty, parts.count == named.count else {
        throw fields.wrong("parts", DatePart.allCases.map(\.rawValue).joined(separator: ", "))
    }
    for (number, column) in columns.sorted().enumerated() {
        // Those before have become as many as there are parts.
        let index = column + number * (parts.count - 1)
        let name = builder.shape.entries[index].column.name
        if builder.shape.entries[index].column.datatype != .bytes { try builder.makeFloating(index) }
        let entry = builder.shape.entries[index]
        guard entry.slots.count == 1 else {
            throw TableFault("\(entry.column.description) has several values a row")
        }
        builder.shape.remove([index])
        var targets: [Int] = []
        for (offset, part) in parts.enumerated() {
            let made = try builder.shape.made(TableColumn("\(name)_\(part.rawValue)", .float64))
            try builder.shape.insert(made, at: index + offset)
            targets.append(made.slots[0])
        }
        builder.operations.append(
            TakeParts(
                source: entry.slots[0], isText: entry.column.datatype == .bytes, targets: targets, parts: parts))
    }
}

struct TakeParts: TableOperation {
    let source: Int
    let isText: Bool
    let targets: [Int]
    let parts: [DatePart]

    func run(_ table: inout WorkTable) throws(TableFault) {
        for row in 0..<table.rowCount {
            let moment: DateAndTime?
            if isText {
                let column = table.texts[source]
                moment = column.isEmpty(row) ? nil : unsafe column.withBytes(row) { unsafe DateAndTime(iso8601: $0) }
                if moment == nil, !column.isEmpty(row) {
                    throw TableFault("“\(column.text(row).prefix(60))” is no date in the form of ISO 8601", row: row)
                }
            } else {
                let seconds = table[source, row]
                moment = seconds.isNaN ? nil : DateAndTime(seconds: seconds)
                if moment == nil, !seconds.isNaN {
                    throw TableFault("\(seconds) seconds since 1970 is no date", row: row)
                }
            }
            for (target, part) in zip(targets, parts) { table[target, row] = moment?[part] ?? .nan }
        }
    }

    var flows: [SlotFlow] {
        isText ? [SlotFlow(texts: [source], targets: targets)] : [SlotFlow(numbers: [source], targets: targets)]
    }
}

/// A moment of the Gregorian calendar, as it was written: parts are those of its own time zone.
struct DateAndTime: Sendable, Equatable {
    /// Since 1970-01-01, as written.
    private let dayNumber: Int
    private let secondOfDay: Double
    /// Of what was written, ahead of UTC.
    private let offsetSeconds: Int

    init?(seconds: Double) {
        guard seconds.isFinite, abs(seconds) < 1e13 else { return nil }
        var day = (seconds / 86_400).rounded(.down)
        var second = seconds - day * 86_400
        // So little before midnight that the difference is lost.
        if second >= 86_400 {
            day += 1
            second = 0
        }
        dayNumber = Int(day)
        secondOfDay = second
        offsetSeconds = 0
    }

    /// `2026-11-26`, and behind a space or `T` `18:30`, `18:30:05`, `18:30:05.25`, and behind that `Z` or `+01:00`.
    init?(iso8601 text: some Collection<UInt8>) {
        guard text.count <= 40 else { return nil }
        var rest = Array(text)[...]
        guard let year = take(4, &rest), takes("-", &rest), let month = take(2, &rest), takes("-", &rest),
            let day = take(2, &rest), (1...12).contains(month), (1...daysOf(month, in: year)).contains(day)
        else { return nil }
        var seconds = 0.0
        var offset = 0
        if takes("T", &rest) || takes(" ", &rest) {
            guard let hour = take(2, &rest), hour < 24, takes(":", &rest), let minute = take(2, &rest), minute < 60
            else { return nil }
            seconds = Double(hour * 3600 + minute * 60)
            if takes(":", &rest) {
                guard let second = take(2, &rest), second < 60 else { return nil }
                seconds += Double(second)
                if takes(".", &rest) {
                    let digits = rest.prefix { (0x30...0x39).contains($0) }
                    guard (1...9).contains(digits.count) else { return nil }
                    let fraction = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
                    seconds += Double(fraction) / digits.reduce(1.0) { power, _ in power * 10 }
                    rest = rest.dropFirst(digits.count)
                }
            }
            if !takes("Z", &rest), let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                rest = rest.dropFirst()
                guard let hours = take(2, &rest), hours < 24 else { return nil }
                _ = takes(":", &rest)
                guard let minutes = take(2, &rest), minutes < 60 else { return nil }
                offset = (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
            }
        }
        guard rest.isEmpty else { return nil }
        dayNumber = dayCount(year, month, day)
        secondOfDay = seconds
        offsetSeconds = offset
    }

    subscript(part: DatePart) -> Double {
        let (year, month, day) = calendarDate(dayNumber)
        // Monday is 0; 1970-01-01 was a Thursday.
        let weekday = ((dayNumber + 3) % 7 + 7) % 7
        switch part {
        case .year: return Double(year)
        case .quarter: return Double((month - 1) / 3 + 1)
        case .month: return Double(month)
        case .day: return Double(day)
        case .dayOfYear: return Double(dayNumber - dayCount(year, 1, 1) + 1)
        case .weekday: return Double(weekday)
        case .isWeekend: return weekday >= 5 ? 1 : 0
        case .isMonthStart: return day == 1 ? 1 : 0
        case .isMonthEnd: return day == daysOf(month, in: year) ? 1 : 0
        case .hour: return (secondOfDay / 3600).rounded(.down)
        case .minute: return (secondOfDay / 60).rounded(.down).truncatingRemainder(dividingBy: 60)
        case .second: return secondOfDay.rounded(.down).truncatingRemainder(dividingBy: 60)
        case .days: return ((Double(dayNumber) * 86_400 + secondOfDay - Double(offsetSeconds)) / 86_400).rounded(.down)
        case .seconds: return Double(dayNumber) * 86_400 + secondOfDay - Double(offsetSeconds)
        case .week:
            // A week belongs to the year that its Thursday lies in.
            let thursday = dayNumber - weekday + 3
            return Double((thursday - dayCount(calendarDate(thursday).year, 1, 1)) / 7 + 1)
        }
    }
}

/// A number of just so many digits.
private func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(count)
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
}

private func takes(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
}

private func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

private func daysOf(_ month: Int, in year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar: years are counted from March, so that a leap day ends one.
private func dayCount(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

/// The inverse of ``dayCount(_:_:_:)``.
private func calendarDate(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
    return (
        yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    )
}
