// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// Tables of keys and texts, and numbers that are given once.
extension SQLTrackingTransaction {
    /// The keys and texts of several owners, each owner's by key.
    ///
    /// - Parameter column: The column of `table` with the owner's number.
    func texts(_ table: String, _ column: String, of owners: [Int64]) throws -> [Int64: [KeyedText]] {
        guard !owners.isEmpty else { return [:] }
        let rows = try transaction.rows(
            """
            SELECT \(column) AS owner, key, value FROM \(table) WHERE \(transaction.dialect.isAmong(column, ":list"))
            ORDER BY \(column), key
            """, ["list": .list(owners)])
        var texts: [Int64: [KeyedText]] = [:]
        for row in rows {
            texts[try row.integer64("owner"), default: []].append(KeyedText(try row.text("key"), try row.text("value")))
        }
        return texts
    }

    /// Keeps a text under a key, or takes it away.
    func setText(_ table: String, _ column: String, _ owner: Int64, _ key: String, _ value: String?) throws {
        let place: [String: SQLValue] = ["owner": .integer(owner), "key": .text(key)]
        guard let value else {
            return try transaction.execute("DELETE FROM \(table) WHERE \(column) = :owner AND key = :key", place)
        }
        try transaction.execute(
            """
            INSERT INTO \(table) (\(column), key, value) VALUES (:owner, :key, :value)
            ON CONFLICT (\(column), key) DO UPDATE SET value = excluded.value
            """, place.merging(["value": .text(value)]) { $1 })
    }

    func nextNumber(_ table: String) throws -> Int64 {
        try transaction.rows("SELECT COALESCE(MAX(number), 0) + 1 AS next FROM \(table)").first?.integer64("next") ?? 1
    }
}
