// SPDX-License-Identifier: Apache-2.0

/// A statement with parameters by name, as PostgreSQL takes it: `$1`, `$2` and so on, each name once.
struct PositionedStatement: Equatable {
    let text: String
    /// In the order of their numbers; none is ``SQLValue/null``.
    let values: [SQLValue]
    /// Whether it reads or changes rows, as many others of the same text will. Definitions run once.
    let isAboutRows: Bool

    /// Puts numbers in place of names.
    ///
    /// A value that is NULL is written out: PostgreSQL wants to know the type of every `$1`, and NULL has none. Before
    /// either stands a space, because `$` may be part of a word.
    /// - Parameter parameters: A value for each name; there may be more.
    /// - Throws: ``StoreFailure/Reason/refused`` when a name has no value, or one would not come back as it is.
    init(_ statement: String, _ parameters: [String: SQLValue]) throws {
        var numbers: [String: Int] = [:]
        var values: [SQLValue] = []
        let pieces = SQLPiece.pieces(of: statement)
        let verb = pieces.lazy.compactMap(\.keyword).first ?? ""
        isAboutRows = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains(verb)
        text = try pieces.map { piece in
            guard case .parameter(let name) = piece else { return piece.text }
            guard let value = parameters[name], value.survivesStorage else { throw StoreFailure(.refused) }
            guard value != .null else { return " NULL" }
            if let number = numbers[name] { return " $\(number)" }
            values.append(value)
            numbers[name] = values.count
            return " $\(values.count)"
        }.joined()
        self.values = values
    }
}
