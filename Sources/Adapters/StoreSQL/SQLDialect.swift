// SPDX-License-Identifier: Apache-2.0

/// Where products read the same words differently.
package enum SQLDialect: Sendable {
    case sqlite, postgreSQL

    /// The time of the product's own machine, in microseconds since 1970: not that of the transaction's begin.
    var clock: String {
        switch self {
        case .sqlite: "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"
        case .postgreSQL: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
        }
    }

    /// What has the product tell others, once the transaction is committed, that the ledger has grown: see
    /// ``PostgreSQLDatabase/hints(url:)``. `nil` where there are no others.
    var ledgerHint: String? {
        switch self {
        case .sqlite: nil
        case .postgreSQL: "SELECT CAST(pg_notify('\(PostgreSQLHints.channel)', '') AS TEXT)"
        }
    }

    /// A comparison of `column` with a pattern of `%` and `_`, in which `%` stands for the parameter, and the pattern as
    /// this product wants it.
    func like(_ column: String, _ pattern: String, ignoringCase: Bool) -> (sql: String, pattern: String) {
        switch (self, ignoringCase) {
        case (.postgreSQL, false): ("\(column) LIKE % ESCAPE ''", pattern)
        case (.postgreSQL, true): ("\(column) ILIKE % ESCAPE ''", pattern)
        case (.sqlite, true): ("\(column) LIKE %", pattern)
        // SQLite's LIKE ignores the case of ASCII letters; GLOB never does.
        case (.sqlite, false): ("\(column) GLOB %", globPattern(pattern))
        }
    }
}

extension SQLDialect {
    /// A condition that `column`, a whole number, is one of a list: a parameter with a JSON array, so that the statement is
    /// the same however many there are.
    func isAmong(_ column: String, _ parameter: String) -> String {
        switch self {
        case .sqlite: "\(column) IN (SELECT value FROM json_each(\(parameter)))"
        // As an array, which an index is asked for; a function's rows would be joined by whoever guesses how many.
        case .postgreSQL: "\(column) = ANY (CAST(translate(CAST(\(parameter) AS TEXT), '[]', '{}') AS BIGINT[]))"
        }
    }

    /// The same for texts without quotes and backslashes.
    func isAmongWords(_ column: String, _ parameter: String) -> String {
        switch self {
        case .sqlite: isAmong(column, parameter)
        case .postgreSQL:
            "\(column) IN (SELECT listed.value FROM json_array_elements_text(CAST(\(parameter) AS JSON))"
                + " AS listed (value))"
        }
    }
}

extension SQLValue {
    /// A list for ``SQLDialect/isAmong(_:_:)``.
    static func list(_ numbers: [Int64]) -> SQLValue {
        .text("[\(numbers.map(String.init).joined(separator: ","))]")
    }

    /// A list for ``SQLDialect/isAmongWords(_:_:)``.
    static func list(_ words: [String]) -> SQLValue {
        .text("[\(words.map { "\"\($0)\"" }.joined(separator: ","))]")
    }
}

private func globPattern(_ pattern: String) -> String {
    var glob = ""
    for character in pattern {
        switch character {
        case "%": glob += "*"
        case "_": glob += "?"
        case "*", "?", "[": glob += "[\(character)]"
        default: glob.append(character)
        }
    }
    return glob
}
