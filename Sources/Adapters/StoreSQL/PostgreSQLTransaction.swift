// SPDX-License-Identifier: Apache-2.0

/// One transaction of PostgreSQL, for the body that runs in it.
final class PostgreSQLTransaction: SQLTransaction {
    let dialect = SQLDialect.postgreSQL
    private let session: PostgreSQLSession
    /// What failed first. The server then takes nothing more, whatever the body makes of it.
    private(set) var failure: PostgreSQLError?

    init(in session: PostgreSQLSession) { self.session = session }

    func rows(_ statement: String, _ parameters: [String: SQLValue]) throws -> [SQLRow] {
        let answer = try answer(to: statement, parameters)
        let columns = answer.columns.map(\.name)
        return try answer.cells.map { cells in
            let values = try zip(cells, answer.columns).map { cell, column in
                guard let value = SQLValue(postgreSQL: cell, type: column.type) else {
                    throw StoreFailure(.unreadable(column: column.name))
                }
                return value
            }
            return SQLRow(columns: columns, values: values)
        }
    }

    func passingRows(_ statement: String, _ parameters: [String: SQLValue]) throws -> [SQLRow] {
        // A session keeps so many statements and no more.
        try rows(statement, parameters)
    }

    func forEachRow(of statement: String, _ body: (SQLRow) throws -> Void) throws {
        // The library would hold them all at once.
        try execute("DECLARE every_row NO SCROLL CURSOR FOR \(statement)", [:])
        while true {
            let rows = try rows("FETCH 2000 FROM every_row", [:])
            if rows.isEmpty { break }
            for row in rows { try body(row) }
        }
        try execute("CLOSE every_row", [:])
    }

    func execute(_ statement: String, _ parameters: [String: SQLValue]) throws {
        _ = try answer(to: statement, parameters)
    }

    private func answer(to statement: String, _ parameters: [String: SQLValue]) throws -> PostgreSQLAnswer {
        let positioned = try PositionedStatement(statement, parameters)
        do {
            return try session.run(positioned)
        } catch {
            if failure == nil { failure = error }
            throw StoreFailure(error, at: session.address)
        }
    }
}
