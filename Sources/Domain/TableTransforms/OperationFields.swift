// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// What an operation says, read against the columns that it works on.
struct OperationFields {
    let shape: TableShape
    private let members: [(name: String, value: JSONValue)]

    init(_ operation: JSONValue, _ shape: TableShape) throws(TableFault) {
        guard let members = operation.members else { throw TableFault("it is no object") }
        self.members = members
        self.shape = shape
    }

    /// A key without a value, or with `null`, is left out.
    subscript(key: String) -> JSONValue? {
        guard let value = members.first(where: { $0.name == key })?.value, !value.isNull else { return nil }
        return value
    }

    /// - Throws: ``TableFault`` for a key that nobody reads.
    func require(only known: String...) throws(TableFault) {
        for (name, _) in members where name != "op" && name != "columns" && !known.contains(name) {
            let hint = closestName(to: name, among: known + ["columns"]).map { "; did you mean “\($0)”?" } ?? ""
            throw TableFault("it has no key “\(name.prefix(60))”\(hint)")
        }
    }

    /// The columns that the operation names, at least one.
    func columns() throws(TableFault) -> [Int] {
        let names = try texts("columns") ?? []
        guard !names.isEmpty else { throw TableFault("“columns” names none") }
        let positions = Dictionary(uniqueKeysWithValues: shape.entries.enumerated().map { ($1.column.name, $0) })
        var seen: Set<Int> = []
        return try names.map { name throws(TableFault) in
            guard let index = positions[name] else { throw shape.unknown(name) }
            guard seen.insert(index).inserted else { throw TableFault("“columns” names “\(name.prefix(100))” twice") }
            return index
        }
    }

    func text(_ key: String) throws(TableFault) -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.string else { throw wrong(key, "a text") }
        return text
    }

    func requiredText(_ key: String) throws(TableFault) -> String {
        guard let text = try text(key) else { throw wrong(key, "a text") }
        return text
    }

    func texts(_ key: String) throws(TableFault) -> [String]? {
        guard let value = self[key] else { return nil }
        guard let texts = value.elements?.map(\.string), texts.allSatisfy({ $0 != nil }) else {
            throw wrong(key, "a list of texts")
        }
        return texts.compactMap(\.self)
    }

    func flag(_ key: String) throws(TableFault) -> Bool? {
        guard let value = self[key] else { return nil }
        guard let flag = value.bool else { throw wrong(key, "true or false") }
        return flag
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(TableFault) -> Int? {
        guard let value = self[key] else { return nil }
        guard let integer = value.integer.flatMap(Int.init(exactly:)), range.contains(integer) else {
            throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func number(_ key: String) throws(TableFault) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.double else { throw wrong(key, "a number") }
        return number
    }

    /// - Parameter count: How many there have to be; `nil` for any.
    func numbers(_ key: String, count: Int? = nil) throws(TableFault) -> [Double]? {
        guard let value = self[key] else { return nil }
        return try numbers(of: value, key, count: count)
    }

    /// A list of lists of numbers.
    func rows(_ key: String, count: Int? = nil, width: Int? = nil) throws(TableFault) -> [[Double]]? {
        guard let value = self[key] else { return nil }
        guard let rows = value.elements, count == nil || rows.count == count else {
            throw wrong(key, "\(count.map(String.init) ?? "some") lists of numbers")
        }
        return try rows.map { row throws(TableFault) in try numbers(of: row, key, count: width) }
    }

    /// `null` stands for NaN.
    private func numbers(of value: JSONValue, _ key: String, count: Int?) throws(TableFault) -> [Double] {
        guard let elements = value.elements, count == nil || elements.count == count else {
            throw wrong(key, "\(count.map(String.init) ?? "some") numbers")
        }
        return try elements.map { element throws(TableFault) in
            guard let number = element.isNull ? .nan : element.double else { throw wrong(key, "numbers") }
            return number
        }
    }

    /// One list for each of `count` columns.
    func lists(_ key: String, count: Int) throws(TableFault) -> [[JSONValue]]? {
        guard let value = self[key] else { return nil }
        guard let lists = value.elements?.map(\.elements), lists.count == count,
            lists.allSatisfy({ $0 != nil })
        else { throw wrong(key, "\(count) lists") }
        return lists.compactMap(\.self)
    }

    func datatype(_ key: String) throws(TableFault) -> Datatype? {
        guard let text = try text(key) else { return nil }
        guard let datatype = Datatype(rawValue: text) else {
            throw wrong(key, Datatype.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return datatype
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of _: Choice.Type
    ) throws(TableFault) -> Choice? {
        guard let text = try text(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw wrong(key, Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    func wrong(_ key: String, _ expected: String) -> TableFault { TableFault("“\(key)” takes \(expected)") }
}
