// SPDX-License-Identifier: Apache-2.0

/// Where products read the same words differently.
package enum SQLDialect: Sendable {
    case sqlite, postgreSQL

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
