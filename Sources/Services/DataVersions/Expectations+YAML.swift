// SPDX-License-Identifier: Apache-2.0
package import DataTables
package import ModelDomain
package import ModelPackaging
internal import Tensors

/// Expectations as people write them: docs/formats/expectations.md.
extension Expectations {
    package static let schema = "slipway.expectations/1"

    /// - Throws: `PRJ-002` and `PRJ-003` with the line.
    package init(_ node: ConfigNode, file: String) throws(Refusal) {
        self.init()
        let top = try ConfigReader(
            node, file: file, path: "", page: "docs/formats/expectations.md",
            known: ["schema", "rows", "columns", "other_columns", "relations"])
        guard try top.text("schema") == Self.schema else { throw top.wrong("schema", takes: Self.schema) }
        rows = try top.child("rows", known: ["min", "max"]).map { fields throws(Refusal) in
            Bounds(try fields.size("min"), try fields.size("max"))
        }
        if let word = try top.text("other_columns") {
            guard ["allow", "refuse"].contains(word) else { throw top.wrong("other_columns", takes: "allow or refuse") }
            allowsOthers = word == "allow"
        }
        for name in try top.child("columns", known: nil)?.keys ?? [] {
            guard let fields = try top.child("columns", known: nil)?.child(name, known: Column.keys) else {
                columns.append(Column(name))
                continue
            }
            columns.append(try Column(name, fields))
        }
        relations = try (top.texts("relations") ?? []).map { text throws(Refusal) in
            guard let relation = Relation(text) else { throw top.wrong("relations", takes: Relation.form) }
            return relation
        }
    }

    /// The file that says so.
    package var yaml: String {
        var lines = ["schema: \(Self.schema)"]
        if let rows {
            let ends = [rows.lowest.map { "min: \(numberText($0))" }, rows.highest.map { "max: \(numberText($0))" }]
            lines.append("rows: {\(ends.compactMap(\.self).joined(separator: ", "))}")
        }
        lines.append("other_columns: \(allowsOthers ? "allow" : "refuse")")
        if !columns.isEmpty { lines.append("columns:") }
        lines += columns.map { column in
            let (key, fields) = (quoted(column.name), "{\(column.fields.joined(separator: ", "))}")
            // YAML takes longer keys only behind a question mark.
            return key.utf8.count < 500 ? "  \(key): \(fields)" : "  ? \(key)\n  : \(fields)"
        }
        if !relations.isEmpty { lines.append("relations:") }
        lines += relations.map { "  - \(quoted($0.text))" }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Expectations.Column {
    fileprivate static let keys = ["type", "missing", "range", "values", "unique", "newer_than"]

    fileprivate init(_ name: String, _ fields: ConfigReader) throws(Refusal) {
        self.init(name)
        type = try fields.choice("type", of: ColumnType.self)
        if let share = try fields.size("missing") {
            guard share <= 1 else { throw fields.wrong("missing", takes: "a share between 0 and 1") }
            missing = share
        }
        range = try fields.range("range")
        values = try fields.list("values")?.map { node throws(Refusal) in
            switch node.value {
            case .text(let text): Array(text.utf8)
            case .integer(let value): CellValue.integer(Int64(value)).category
            case .number(let value): CellValue.float(value).category
            case .bool(let value): CellValue.boolean(value).category
            case .null, .list, .map: throw fields.wrong("values", takes: "a list of values")
            }
        }
        isUnique = try fields.flag("unique") ?? false
        if let text = try fields.text("newer_than") {
            guard let age = Lifetime(text) else { throw fields.wrong("newer_than", takes: Lifetime.form) }
            self.age = age
        }
    }

    fileprivate var fields: [String] {
        var fields: [String] = []
        if let type { fields.append("type: \(type.rawValue)") }
        if let missing { fields.append("missing: \(numberText(missing))") }
        if let range { fields.append("range: [\(end(range.lowest)), \(end(range.highest))]") }
        if let values {
            fields.append(
                "values: [\(values.map { quoted(String(decoding: $0, as: UTF8.self)) }.joined(separator: ", "))]")
        }
        if isUnique { fields.append("unique: true") }
        if let age { fields.append("newer_than: \(age)") }
        return fields
    }

    private func end(_ value: Double?) -> String {
        guard let value else { return "null" }
        return type == .time ? quoted(Timestamp(secondsSince1970: value).text) : numberText(value)
    }
}

extension ConfigReader {
    fileprivate func list(_ key: String) throws(Refusal) -> [ConfigNode]? {
        guard let node = self[key] else { return nil }
        guard case .list(let items) = node.value else { throw wrong(key, takes: "a list") }
        return items
    }

    /// `[0, 120]`, `[2020-01-01, null]`.
    fileprivate func range(_ key: String) throws(Refusal) -> Expectations.Bounds? {
        guard let items = try list(key) else { return nil }
        let takes = "[LOWEST, HIGHEST]: numbers or times, null for no end"
        guard items.count == 2 else { throw wrong(key, takes: takes) }
        let ends = try items.map { item throws(Refusal) -> Double? in
            switch item.value {
            case .null: return nil
            case .integer(let value): return Double(value)
            case .number(let value) where value.isFinite: return value
            case .text(let text):
                guard let time = Timestamp(text) else { throw wrong(key, takes: takes) }
                return Double(time.microseconds) / 1e6
            case .number, .bool, .list, .map: throw wrong(key, takes: takes)
            }
        }
        if let low = ends[0], let high = ends[1], low > high { throw wrong(key, takes: takes) }
        return Expectations.Bounds(ends[0], ends[1])
    }
}

/// As JSON writes a text, which YAML reads alike when what cannot be seen is escaped.
private func quoted(_ text: String) -> String {
    JSONValue.string(text).text.unicodeScalars.reduce(into: "") { quoted, scalar in
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
            quoted.unicodeScalars.append(scalar)
        default:
            let digits = String(scalar.value, radix: 16)
            quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}
