// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import Tensors

/// Whether one expectation was met, and by which rows it was not.
package struct ExpectationResult: Sendable, Hashable {
    /// A column, a relation, or `rows` and `columns` for the table as a whole.
    package let subject: String
    /// `type`, `missing`, `range`, `values`, `unique`, `newer_than`, `count`, `others`, `holds`, `there`.
    package let rule: String
    package let isMet: Bool
    package let expected: String
    package let found: String
    /// The first rows that do not meet it, counted from 0; empty where it is not about rows.
    package let rows: [Int]
}

/// Holds the rows of a table against what is expected of them, in one reading.
package struct ExpectationCheck {
    private let expectations: Expectations
    private let columns: [DataColumn]
    private let positions: [String: Int]
    /// One for each expected column that is there, by its position.
    private var tallies: [(position: Int, tally: ColumnCheck)] = []
    private var relations: [RelationCheck]
    private var rowCount = 0

    package init(_ expectations: Expectations, of columns: [DataColumn]) {
        self.expectations = expectations
        self.columns = columns
        let positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) })
        self.positions = positions
        tallies = expectations.columns.compactMap { expected in
            positions[expected.name].map { ($0, ColumnCheck(expected, type: columns[$0].type)) }
        }
        relations = expectations.relations.map { RelationCheck(relation: $0) }
    }

    package mutating func take(_ row: [CellValue]) {
        for index in tallies.indices {
            let position = tallies[index].position
            tallies[index].tally.take(position < row.count ? row[position] : .missing, row: rowCount)
        }
        for index in relations.indices {
            relations[index].take(row: rowCount) { name in
                guard let position = positions[name], position < row.count else { return nil }
                return row[position].place(as: columns[position].type)
            }
        }
        rowCount += 1
    }

    /// - Parameter now: What the age of the newest time is counted from.
    package func results(at now: Timestamp) -> [ExpectationResult] {
        var results: [ExpectationResult] = []
        if let rows = expectations.rows {
            results.append(
                ExpectationResult(
                    subject: "rows", rule: "count", isMet: rows.contain(Double(rowCount)), expected: rows.text,
                    found: String(rowCount), rows: []))
        }
        for expected in expectations.columns where positions[expected.name] == nil {
            results.append(
                ExpectationResult(
                    subject: expected.name, rule: "there", isMet: false, expected: "a column", found: "none", rows: []))
        }
        if !expectations.allowsOthers {
            let others = columns.map(\.name).filter { name in !expectations.columns.contains { $0.name == name } }
            results.append(
                ExpectationResult(
                    subject: "columns", rule: "others", isMet: others.isEmpty, expected: "none",
                    found: others.isEmpty ? "none" : others.prefix(10).joined(separator: ", "), rows: []))
        }
        results += tallies.flatMap { $0.tally.results(at: now) }
        return results
            + relations.map { check in
                check.result(unknown: check.relation.columns.first { positions[$0] == nil })
            }
    }
}

/// The first rows that break a rule, and how many do.
struct Breaches {
    private(set) var count = 0
    private(set) var rows: [Int] = []

    mutating func take(_ row: Int) {
        count += 1
        if rows.count < 10 { rows.append(row) }
    }

    var text: String { count == 0 ? "all rows" : "not in \(count) row\(count == 1 ? "" : "s")" }
}

private struct ColumnCheck {
    private let expected: Expectations.Column
    private let type: ColumnType
    private let values: Set<[UInt8]>?
    private var count = 0
    private var missing = Breaches()
    private var outside = Breaches()
    private var unlisted = Breaches()
    private var firstUnlisted: [UInt8]?
    private var least: Double?
    private var greatest: Double?
    private var repeated = Breaches()
    private var seen = Set<RowDigest>()
    private let digester = RowDigester(columns: [""])

    init(_ expected: Expectations.Column, type: ColumnType) {
        self.expected = expected
        self.type = type
        values = expected.values.map(Set.init)
    }

    mutating func take(_ cell: CellValue, row: Int) {
        count += 1
        guard !cell.isMissing else { return missing.take(row) }
        if let place = cell.place(as: type) {
            least = least.map { min($0, place) } ?? place
            greatest = greatest.map { max($0, place) } ?? place
            if let range = expected.range, !range.contain(place) { outside.take(row) }
        } else if expected.range != nil {
            outside.take(row)
        }
        if let values, !values.contains(cell.category) {
            unlisted.take(row)
            if firstUnlisted == nil { firstUnlisted = cell.category }
        }
        if expected.isUnique, !seen.insert(digester.digest(of: [cell])).inserted { repeated.take(row) }
    }

    func results(at now: Timestamp) -> [ExpectationResult] {
        var results: [ExpectationResult] = []
        let add = { (rule: String, isMet: Bool, expected: String, found: String, rows: [Int]) in
            results.append(
                ExpectationResult(
                    subject: self.expected.name, rule: rule, isMet: isMet, expected: expected, found: found, rows: rows)
            )
        }
        if let wanted = expected.type {
            let fits = type == wanted || type == .empty || (wanted == .number && type == .integer)
            add("type", fits, wanted.rawValue, type.rawValue, [])
        }
        if let limit = expected.missing {
            let share = count == 0 ? 0 : Double(missing.count) / Double(count)
            add("missing", share <= limit, "at most \(percentText(limit))", percentText(share), missing.rows)
        }
        if let range = expected.range {
            let found = least.flatMap { least in greatest.map { Expectations.Bounds(least, $0).text(as: type) } }
            add("range", outside.count == 0, range.text(as: type), found ?? "no numbers", outside.rows)
        }
        if let values = expected.values {
            let listed = values.prefix(10).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
            let found = firstUnlisted.map { "“\(String(decoding: $0.prefix(60), as: UTF8.self))”, \(unlisted.text)" }
            add(
                "values", unlisted.count == 0, listed + (values.count > 10 ? ", …" : ""), found ?? "all rows",
                unlisted.rows)
        }
        if expected.isUnique { add("unique", repeated.count == 0, "every value once", repeated.text, repeated.rows) }
        if let age = expected.age {
            let newest = type == .time ? greatest : nil
            let found = newest.map { Double(now.microseconds) / 1e6 - $0 }
            add(
                "newer_than", found.map { $0 <= Double(age.seconds) } ?? false, "newest within \(age)",
                newest.map { Timestamp(secondsSince1970: $0).text } ?? "no times", [])
        }
        return results
    }
}

private struct RelationCheck {
    let relation: Relation
    private var said = 0
    private var breaches = Breaches()

    init(relation: Relation) { self.relation = relation }

    mutating func take(row: Int, _ value: (String) -> Double?) {
        guard let holds = relation.holds(value) else { return }
        said += 1
        if !holds { breaches.take(row) }
    }

    func result(unknown column: String?) -> ExpectationResult {
        ExpectationResult(
            subject: relation.text, rule: "holds", isMet: column == nil && breaches.count == 0, expected: "every row",
            found: column.map { "no column “\($0)”" } ?? (said == 0 ? "no row says anything" : breaches.text),
            rows: breaches.rows)
    }
}

extension Expectations.Bounds {
    package var text: String { text(as: .number) }

    package func text(as type: ColumnType) -> String {
        let write = { (value: Double) in
            type == .time ? Timestamp(secondsSince1970: value).text : numberText(value)
        }
        return switch (lowest, highest) {
        case (let low?, let high?): "\(write(low)) to \(write(high))"
        case (let low?, nil): "at least \(write(low))"
        case (nil, let high?): "at most \(write(high))"
        case (nil, nil): "any"
        }
    }
}

extension Timestamp {
    /// The moment closest to it that there is; `value` is no NaN.
    package init(secondsSince1970 value: Double) {
        let limit = 9e12
        self.init(microseconds: Int64((min(max(value, -limit), limit) * 1e6).rounded()))
    }
}

/// As few digits as say it: `3`, `0.25`, `1e+300`.
package func numberText(_ value: Double) -> String {
    guard let whole = Int64(exactly: value), abs(value) < 1e15 else { return JSONValue.double(value).text }
    return String(whole)
}

/// `12.5 %`, to the second digit behind the point.
package func percentText(_ share: Double) -> String {
    let percent = (share * 10_000).rounded() / 100
    return "\(percent == percent.rounded() ? String(Int(percent)) : String(percent)) %"
}
