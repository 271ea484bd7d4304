// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A value of a configuration file, with the place where it stands.
package struct ConfigNode: Sendable {
    package enum Value: Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case text(String)
        case list([ConfigNode])
        /// In the file's order; keys do not repeat.
        case map([(key: String, value: ConfigNode)])
    }

    package let value: Value
    /// Counted from 1.
    package let line: Int
    package let column: Int

    package init(_ value: Value, line: Int, column: Int) {
        self.value = value
        self.line = line
        self.column = column
    }

    /// What the value is, in the words of an error.
    var kind: String {
        switch value {
        case .null: "nothing"
        case .bool: "a boolean"
        case .integer: "a whole number"
        case .number: "a number"
        case .text(let text): "the text “\(text.prefix(60))”"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

/// Turns the bytes of a configuration file into a value.
package protocol ConfigSyntax: Sendable {
    /// - Throws: `PRJ-001` with line and column.
    func parse(_ bytes: [UInt8], file: String) throws -> ConfigNode
}

/// One map of a configuration file: reads its keys, and refuses what nobody reads.
package struct ConfigReader {
    let file: String
    /// `proof.tolerance`, for errors; empty at the top.
    let path: String
    let node: ConfigNode
    /// Where the format is described.
    private let page: String
    private let entries: [(key: String, value: ConfigNode)]

    /// - Parameters:
    ///   - page: Where the format is described.
    ///   - known: The keys that are read; `nil` when the keys are names that the user gives.
    ///   - planned: Keys that the format has and this version does not do yet.
    /// - Throws: `PRJ-002` with the nearest known key, `PRJ-004`, or `PRJ-003` when the node is no map.
    package init(
        _ node: ConfigNode, file: String, path: String, page: String = "docs/formats/slipway-yaml.md",
        known: [String]?, planned: [String] = []
    ) throws(Refusal) {
        self.file = file
        self.path = path
        self.page = page
        self.node = node
        switch node.value {
        case .map(let entries): self.entries = entries
        case .null: entries = []
        default: throw Self.wrong(node, file: file, path: path, page: page, takes: "a map")
        }
        guard let known else { return }
        for (key, value) in entries where !known.contains(key) {
            let full = path.isEmpty ? key : "\(path).\(key)"
            guard !planned.contains(key) else {
                throw Refusal(
                    .plannedKey, .invalidInput,
                    "\(file):\(value.line): “\(full)” is planned, and this version does not do it yet.",
                    hint: "Take the key out.")
            }
            throw Refusal(
                .unknownKey, .invalidInput, "\(file):\(value.line): there is no key “\(full)”.",
                hint: closestName(to: key, among: known).map { "Did you mean “\($0)”?" }
                    ?? "Known here: \(known.joined(separator: ", ")).")
        }
    }

    package var keys: [String] { entries.map(\.key) }

    /// `nil` also for a key without a value: it means the default.
    package subscript(key: String) -> ConfigNode? {
        guard let node = entries.first(where: { $0.key == key })?.value else { return nil }
        if case .null = node.value { return nil }
        return node
    }

    package func child(_ key: String, known: [String]?, planned: [String] = []) throws(Refusal) -> ConfigReader? {
        guard let node = self[key] else { return nil }
        return try ConfigReader(node, file: file, path: full(key), page: page, known: known, planned: planned)
    }

    package func text(_ key: String) throws(Refusal) -> String? {
        guard let node = self[key] else { return nil }
        guard case .text(let text) = node.value else { throw wrong(key, takes: "a text") }
        return text
    }

    /// A text, or a whole number as it is written.
    func word(_ key: String, takes expected: String) throws(Refusal) -> String? {
        switch self[key]?.value {
        case nil: nil
        case .text(let text): text
        case .integer(let number): String(number)
        default: throw wrong(key, takes: expected)
        }
    }

    package func texts(_ key: String) throws(Refusal) -> [String]? {
        guard let node = self[key] else { return nil }
        guard case .list(let items) = node.value else { throw wrong(key, takes: "a list of texts") }
        return try items.map { item throws(Refusal) in
            guard case .text(let text) = item.value else { throw wrong(key, takes: "a list of texts") }
            return text
        }
    }

    package func flag(_ key: String) throws(Refusal) -> Bool? {
        guard let node = self[key] else { return nil }
        guard case .bool(let flag) = node.value else { throw wrong(key, takes: "true or false") }
        return flag
    }

    /// A finite number that is not negative.
    package func size(_ key: String) throws(Refusal) -> Double? {
        guard let node = self[key] else { return nil }
        guard let number = node.number, number.isFinite, number >= 0 else {
            throw wrong(key, takes: "a number that is not negative")
        }
        return number
    }

    /// One of a few words.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of _: Choice.Type
    ) throws(Refusal) -> Choice? {
        guard let node = self[key] else { return nil }
        guard case .text(let text) = node.value, let choice = Choice(rawValue: text) else {
            throw wrong(key, takes: Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    package func wrong(_ key: String, takes expected: String) -> Refusal {
        Self.wrong(self[key] ?? node, file: file, path: full(key), page: page, takes: expected)
    }

    func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func wrong(
        _ node: ConfigNode, file: String, path: String, page: String, takes expected: String
    ) -> Refusal {
        Refusal(
            .wrongValue, .invalidInput,
            "\(file):\(node.line): “\(path.isEmpty ? "the file" : path)” takes \(expected); there is \(node.kind).",
            hint: "See \(page).")
    }
}

extension ConfigNode {
    var number: Double? {
        switch value {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }
}
