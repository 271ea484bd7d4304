// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelRegistry

/// The ledger: rows are added behind the newest one, and never changed.
extension SQLRegistryTransaction {
    func ledger(from sequence: Int, limit: Int) throws -> [LedgerEntry] {
        try transaction.rows(
            """
            SELECT \(ledgerColumns) FROM ledger
            WHERE sequence >= :sequence ORDER BY sequence LIMIT :count
            """, ["sequence": SQLValue(sequence), "count": SQLValue(max(0, limit))]
        ).map(LedgerEntry.init)
    }

    func ledgerHead() throws -> LedgerEntry? {
        try transaction.rows(
            """
            SELECT \(ledgerColumns) FROM ledger
            ORDER BY sequence DESC LIMIT 1
            """
        ).first.map(LedgerEntry.init)
    }

    func ledgerRows(after sequence: Int?, limit: Int) throws -> [LedgerRow] {
        try transaction.rows(
            """
            SELECT \(ledgerColumns) FROM ledger WHERE sequence > :sequence ORDER BY sequence LIMIT :count
            """, ["sequence": SQLValue(sequence ?? .min), "count": SQLValue(max(0, limit))]
        ).map(LedgerRow.init)
    }

    /// One look into the index for each action, whatever else has been done to the object meanwhile.
    func newestEntry(of object: String, actions: [String], until time: Timestamp) throws -> LedgerEntry? {
        try actions.compactMap { action in
            try transaction.rows(
                """
                SELECT \(ledgerColumns) FROM ledger
                WHERE object = :object AND action = :action AND time <= :time
                ORDER BY time DESC, sequence DESC LIMIT 1
                """, ["object": .text(object), "action": .text(action), "time": SQLValue(time)]
            ).first.map(LedgerEntry.init)
        }.max { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
    }

    func append(_ entry: LedgerEntry) throws {
        let head = try ledgerHead()
        let expected = LedgerEntry(
            sequence: (head?.sequence ?? -1) + 1, time: entry.time, change: entry.change, after: head?.chain)
        guard entry == expected else { throw StoreFailure(.refused) }
        if let hint = transaction.dialect.ledgerHint { _ = try transaction.rows(hint) }
        try transaction.execute(
            """
            INSERT INTO ledger (\(ledgerColumns))
            VALUES (:sequence, :time, :actor, :action, :object, :before, :after, :reason, :evidence, :leaf, :chain)
            """,
            [
                "sequence": SQLValue(entry.sequence), "time": SQLValue(entry.time),
                "actor": .text(entry.change.actor), "action": .text(entry.change.action),
                "object": .text(entry.change.object), "before": SQLValue(entry.change.before),
                "after": SQLValue(entry.change.after), "reason": SQLValue(entry.change.reason),
                "evidence": SQLValue(entry.change.evidence),
                "leaf": .blob(entry.leaf), "chain": SQLValue(entry.chain),
            ])
    }
}

private let ledgerColumns =
    "sequence, time, actor, action, object, before, after, reason, evidence, leaf, chain"

extension LedgerEntry {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            sequence: try row.integer("sequence"), time: try row.time("time"), change: try LedgerChange(row),
            leaf: try row.blob("leaf"), chain: try row.digest("chain"))
    }
}

extension LedgerRow {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            sequence: try row.integer("sequence"), time: try row.time("time"), change: try LedgerChange(row),
            leaf: try row.blob("leaf"), chain: try row.text("chain"))
    }
}

extension LedgerChange {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            actor: try row.text("actor"), action: try row.text("action"), object: try row.text("object"),
            before: try row.optionalText("before"), after: try row.optionalText("after"),
            reason: try row.optionalText("reason"), evidence: try row.optionalText("evidence"))
    }
}
