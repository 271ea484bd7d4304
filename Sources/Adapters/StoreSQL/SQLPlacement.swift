// SPDX-License-Identifier: Apache-2.0

/// Which contents folder belongs to a database. Rows and contents that do not belong together would lose contents: one
/// platform would clear away what it does not know to be the other's.
package struct SQLPlacement: Sendable {
    private let database: any SQLDatabase

    package init(database: any SQLDatabase) { self.database = database }

    /// What the platform is called and bound to; `nil` before its first start.
    package func known() async throws -> (platform: String, contents: String?)? {
        try await database.read { transaction in
            try transaction.rows("SELECT id, contents FROM platform").first.map { row in
                (try row.text("id"), try row.optionalText("contents"))
            }
        }
    }

    /// The platform's own name, which it keeps: `proposed`, if it has none yet.
    package func platform(orElse proposed: String) async throws -> String {
        try await database.write { transaction in
            if let known = try transaction.rows("SELECT id FROM platform").first?.text("id") { return known }
            try transaction.execute("INSERT INTO platform (id) VALUES (:id)", ["id": .text(proposed)])
            return proposed
        }
    }

    /// Binds the platform to a folder, unless it is bound.
    ///
    /// - Returns: The one that it is bound to.
    package func contents(orElse folder: String) async throws -> String {
        try await database.write { transaction in
            if let known = try transaction.rows("SELECT contents FROM platform").first?.optionalText("contents") {
                return known
            }
            try transaction.execute("UPDATE platform SET contents = :folder", ["folder": .text(folder)])
            return folder
        }
    }
}
