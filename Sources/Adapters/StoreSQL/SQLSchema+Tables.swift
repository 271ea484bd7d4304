// SPDX-License-Identifier: Apache-2.0

extension SQLSchema {
    /// The tables that are there after all migrations, each behind those that its rows refer to: the order in which they
    /// were made. Without the one that the migrations themselves are noted in.
    package var tables: [String] {
        var tables: [String] = []
        for statement in migrations.flatMap(\.statements) {
            let words = SQLPiece.pieces(of: statement).compactMap { piece in
                if case .word(let text) = piece { text } else { nil }
            }
            switch words.prefix(2).map({ $0.uppercased() }) {
            case ["CREATE", "TABLE"] where words.count > 2: tables.append(words[2])
            case ["DROP", "TABLE"] where words.count > 2: tables.removeAll { $0 == words[2] }
            case ["ALTER", "TABLE"] where words.count > 5 && words[3].uppercased() == "RENAME":
                // A column that is renamed has its own name between.
                guard words[4].uppercased() == "TO" else { continue }
                tables = tables.map { $0 == words[2] ? words[5] : $0 }
            default: continue
            }
        }
        return tables
    }

    /// The schema as it was after its first `count` migrations.
    package func first(_ count: Int) -> SQLSchema {
        SQLSchema(bookkeeping: bookkeeping, migrations: Array(migrations.prefix(count)))
    }
}
