// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelRegistry

/// The ledger: rows are added behind the newest one, and never changed.
extension SQLRegistryTransaction {
    func ledger(from sequence: Int, limit: Int) throws -> [LedgerEntry] {
        try transaction.rows(
            """
            SELECT sequence, time, actor, action, object, before, after, reason, leaf, chain FROM ledger
            WHERE sequence >= :sequence ORDER BY sequence LIMIT :count
            """, ["sequence": SQLValue(sequence), "count": SQLValue(max(0, limit))]
        ).map(LedgerEntry.init)
    }

    func ledgerHead() throws -> LedgerEntry? {
        try transaction.rows(
            """
            SELECT sequence, time, actor, action, object, before, after, reason, leaf, chain FROM ledger
            ORDER BY sequence DESC LIMIT 1
            """
        ).first.map(LedgerEntry.init)
    }

    func ledger(of object: String, until time: Timestamp, limit: Int) throws -> [LedgerEntry] {
        try transaction.rows(
            """
            SELECT sequence, time, actor, action, object, before, after, reason, leaf, chain FROM ledger
            WHERE object = :object AND time <= :time ORDER BY sequence DESC LIMIT :count
            """,
            ["object": .text(object), "time": SQLValue(time), "count": SQLValue(max(0, limit))]
        ).map(LedgerEntry.init)
    }

    func append(_ entry: LedgerEntry) throws {
        let head = try ledgerHead()
        let expected = LedgerEntry(
            sequence: (head?.sequence ?? -1) + 1, time: entry.time, change: entry.change, after: head?.chain)
        guard entry == expected else { throw StoreFailure(.refused) }
        try transaction.execute(
            """
            INSERT INTO ledger (sequence, time, actor, action, object, before, after, reason, leaf, chain)
            VALUES (:sequence, :time, :actor, :action, :object, :before, :after, :reason, :leaf, :chain)
            """,
            [
                "sequence": SQLValue(entry.sequence), "time": SQLValue(entry.time),
                "actor": .text(entry.change.actor), "action": .text(entry.change.action),
                "object": .text(entry.change.object), "before": SQLValue(entry.change.before),
                "after": SQLValue(entry.change.after), "reason": SQLValue(entry.change.reason),
                "leaf": .blob(entry.leaf), "chain": SQLValue(entry.chain),
            ])
    }
}

extension LedgerEntry {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            sequence: try row.integer("sequence"), time: try row.time("time"),
            change: LedgerChange(
                actor: try row.text("actor"), action: try row.text("action"), object: try row.text("object"),
                before: try row.optionalText("before"), after: try row.optionalText("after"),
                reason: try row.optionalText("reason")),
            leaf: try row.blob("leaf"), chain: try row.digest("chain"))
    }
}
