// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Appends to the ledger inside one transaction, for one actor.
package struct LedgerWriter {
    private let transaction: any LedgerWriting
    private let actor: String
    private let reason: String?
    /// When the change is made.
    package let time: Timestamp

    /// - Parameters:
    ///   - actor: Who changes something: a principal's name.
    ///   - reason: What the person gave for it.
    ///   - time: Taken inside the transaction. Never before the newest entry, whatever the clock says: the ledger's times
    ///     are in its order, so that the state at any moment is that of the last entry until then.
    /// - Throws: `IN-008` for texts that the ledger cannot hold.
    package init(
        _ transaction: any LedgerWriting, by actor: String, reason: String? = nil, at time: Timestamp
    ) throws {
        try checkText(actor, what: "actor", limit: 200)
        if let reason { try checkText(reason, what: "reason", limit: 2000) }
        self.transaction = transaction
        self.actor = actor
        self.reason = reason
        self.time = max(time, try transaction.ledgerHead()?.time ?? time)
    }

    /// - Parameter evidence: What it is done on: digests of what was looked at, and what the look found.
    package func append(
        _ action: String, _ object: String, before: String? = nil, after: String? = nil, because reason: String? = nil,
        evidence: String? = nil
    ) throws {
        let head = try transaction.ledgerHead()
        let change = LedgerChange(
            actor: actor, action: action, object: object, before: before, after: after,
            reason: reason ?? self.reason, evidence: evidence)
        try transaction.append(
            LedgerEntry(sequence: (head?.sequence ?? -1) + 1, time: time, change: change, after: head?.chain))
    }
}

/// Databases disagree about control characters, and what they keep must be the same in all of them.
///
/// - Throws: `IN-008` for a text with such characters, or more than `limit` bytes.
package func checkText(_ text: String, what: String, limit: Int) throws(RegistryError) {
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
        scalar == "\n" || scalar == "\t" || (scalar.value >= 0x20 && scalar.value != 0x7F)
    }
    guard isPlain, text.utf8.count <= limit else { throw .unusableText(what: what, limit: limit) }
}
