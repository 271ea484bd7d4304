// SPDX-License-Identifier: Apache-2.0

extension SQLSchema {
    /// The registry's tables in PostgreSQL: those of ``sqlite``, statement by statement.
    package static let postgreSQL = sqlite.forPostgreSQL

    /// The same steps in PostgreSQL's words.
    package var forPostgreSQL: SQLSchema {
        SQLSchema(
            bookkeeping: inPostgreSQL(bookkeeping), migrations: migrations.map(\.forPostgreSQL))
    }
}

/// What a statement for SQLite is for PostgreSQL.
///
/// Types are the same everywhere: `INTEGER` is `BIGINT`, `REAL` is `DOUBLE PRECISION`, `BLOB` is `BYTEA`. In definitions
/// of columns, `TEXT` compares byte by byte, as in SQLite, whatever the database's own order is. What may follow a table's
/// definition in SQLite is left out. All else stays: what means something else there, or nothing, needs words of its own
/// (``SQLSchema/Migration/init(number:statements:postgreSQL:)``).
func inPostgreSQL(_ statement: String) -> String {
    let pieces = SQLPiece.pieces(of: statement)
    return pieces.indices.prefix(upTo: pieces.endOfStatement).map { index in
        if let digits = pieces.blobDigits(at: index) { return #"'\x\#(digits)'::BYTEA"# }
        if pieces.blobDigits(at: index + 1) != nil { return "" }
        switch pieces[index].keyword {
        case "INTEGER" where pieces.isType(at: index), "INT" where pieces.isType(at: index): return "BIGINT"
        case "REAL" where pieces.isType(at: index): return "DOUBLE PRECISION"
        case "BLOB" where pieces.isType(at: index): return "BYTEA"
        // `CAST(x AS TEXT)` takes no order.
        case "TEXT" where pieces.isType(at: index) && pieces.word(before: index) != "AS": return #"TEXT COLLATE "C""#
        default: return pieces[index].text
        }
    }.joined()
}

extension [SQLPiece] {
    /// Whether it is the definition of a table, or a change of one.
    private var defineColumns: Bool {
        let keywords = compactMap(\.keyword).prefix(3)
        return ["CREATE", "ALTER"].contains(keywords.first ?? "") && keywords.dropFirst().contains("TABLE")
    }

    /// Where that begins what only SQLite's tables have: `STRICT` and `WITHOUT ROWID`.
    fileprivate var endOfStatement: Int {
        let closing = lastIndex { piece in
            if case .other(let text) = piece { text.contains(")") } else { false }
        }
        guard defineColumns, let closing else { return endIndex }
        let options = self[(closing + 1)...].compactMap(\.keyword)
        return options.isEmpty || !Set(options).isSubset(of: ["STRICT", "WITHOUT", "ROWID"]) ? endIndex : closing + 1
    }

    /// Whether the word at `index` says of which type something is: behind the name of a column that is defined, or in
    /// `CAST(x AS TYPE)`. Elsewhere it is a name itself.
    fileprivate func isType(at index: Int) -> Bool {
        guard let before = word(before: index) else { return false }
        return defineColumns ? !["COLUMN", "ADD"].contains(before) : before == "AS"
    }

    /// The word or quoted name before `index`, in capitals; `nil` when a sign comes in between.
    fileprivate func word(before index: Int) -> String? {
        for piece in self[..<index].reversed() {
            switch piece {
            case .word(let text): return text.uppercased()
            case .verbatim(let text) where text.hasPrefix("\""): return text.uppercased()
            case .verbatim(let text) where text.hasPrefix("--") || text.hasPrefix("/*"): continue
            case .other(let text) where text.allSatisfy(\.isWhitespace): continue
            default: return nil
            }
        }
        return nil
    }

    /// The digits of `x'00ff'`, whose text stands at `index`.
    fileprivate func blobDigits(at index: Int) -> Substring? {
        guard indices.contains(index), index > startIndex, self[index - 1].keyword == "X",
            case .verbatim(let text) = self[index], text.hasPrefix("'")
        else { return nil }
        return text.dropFirst().dropLast()
    }
}
