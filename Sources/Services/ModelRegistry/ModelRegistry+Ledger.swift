// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The record of every change, and the proofs that nobody edited it.
extension ModelRegistry {
    /// Entries from `sequence` on, oldest first, at most `limit`.
    package func ledger(from sequence: Int = 0, limit: Int) async throws -> [LedgerEntry] {
        try await store.read { try $0.ledger(from: sequence, limit: limit) }
    }

    /// Entries as they lie there, by number, behind `sequence`; from the first one for `nil`.
    package func ledgerRows(after sequence: Int?, limit: Int) async throws -> [LedgerRow] {
        try await store.read { try $0.ledgerRows(after: sequence, limit: limit) }
    }

    /// Hands out every entry as it lies there, by number, a page at a time.
    package func eachLedgerRow(_ body: (LedgerRow) throws -> Void) async throws {
        var newest: Int?
        // Entries are only ever added, so that pages read one after the other fit together.
        while let page = try await nonEmpty(ledgerRows(after: newest, limit: 1000)) {
            for row in page { try body(row) }
            newest = page.last?.sequence
        }
    }

    /// Makes every entry again from its row, compares bytes and chain, and puts the tree over the leaves.
    ///
    /// - Parameter head: What the ledger came to earlier, kept elsewhere: with it entries that were cut off at the end
    ///   are found, and a ledger that was written anew.
    /// - Throws: `REG-010` with the entries that are not what was written, and what is different.
    package func verifyLedger(extending head: LedgerHead? = nil) async throws -> VerifiedLedger {
        let audit = try await audit(extending: head)
        let size = audit.tree.size
        let ranges = head.map { MerkleProof.consistencyRanges(from: $0.size, to: size) } ?? []
        return VerifiedLedger(head: audit.head(at: time), consistency: try await roots(of: ranges))
    }

    /// Shows that an entry is in the ledger.
    ///
    /// - Parameter size: Of the tree to show it in; `nil` for the whole ledger.
    /// - Throws: `IN-006` for an entry that is not among the first `size`; `REG-010` where the ledger was changed.
    package func proveEntry(_ sequence: Int, size: Int? = nil) async throws -> LedgerProof {
        let whole = try await audit(extending: nil).tree.size
        let size = size ?? whole
        guard size <= whole, (0..<size).contains(sequence) else { throw outside(sequence, size: size, whole: whole) }
        let all = try await roots(of: MerkleProof.inclusionRanges(of: sequence, size: size) + [0..<size])
        guard let row = try await ledgerRows(after: sequence - 1, limit: 1).first else {
            throw outside(sequence, size: size, whole: whole)
        }
        return LedgerProof(
            sequence: sequence, leaf: row.leaf, size: size, root: all[all.count - 1], path: all.dropLast())
    }

    private func audit(extending head: LedgerHead?) async throws -> LedgerAudit {
        var audit = LedgerAudit(extending: head)
        try await eachLedgerRow { audit.take($0) }
        audit.finish()
        guard audit.faults.isEmpty else { throw LedgerBroken(audit) }
        return audit
    }

    private func roots(of ranges: [Range<Int>]) async throws -> [Digest] {
        guard !ranges.isEmpty else { return [] }
        var roots = RangeRoots(ranges)
        try await eachLedgerRow { roots.take(merkleLeaf($0.leaf), at: $0.sequence) }
        return roots.roots
    }

    private func outside(_ sequence: Int, size: Int, whole: Int) -> Refusal {
        Refusal(
            .outOfRange, .invalidInput,
            size > whole
                ? "The ledger has \(whole) entries, and not \(size)."
                : "Entry \(sequence) is not among the first \(size).",
            hint: "Entries are numbered from 0; `slipway ledger head` says how many there are.",
            details: [.init("field", size > whole ? "size" : "sequence")])
    }
}

private func nonEmpty(_ page: [LedgerRow]) -> [LedgerRow]? { page.isEmpty ? nil : page }

/// A ledger of which every entry is what was written.
package struct VerifiedLedger: Sendable, Hashable {
    package let head: LedgerHead
    /// Shows, to whoever kept an older head, that this one extends it: RFC 6962, section 2.1.2.
    package let consistency: [Digest]
}
