// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The record of every change, and the proof that nobody edited it.
extension ModelRegistry {
    /// Entries from `sequence` on, oldest first, at most `limit`.
    package func ledger(from sequence: Int = 0, limit: Int) async throws -> [LedgerEntry] {
        try await store.read { try $0.ledger(from: sequence, limit: limit) }
    }

    /// Makes every entry again from its row, and compares bytes and chain.
    ///
    /// An edit, a gap and a change of order are found. Entries cut off at the end, or all of them written anew, are not:
    /// that takes a chain value that was kept elsewhere.
    /// - Returns: How many entries there are.
    /// - Throws: `REG-010` with the first entry that is not what was written.
    package func verifyLedger() async throws -> Int {
        var count = 0
        var previous: Digest?
        while true {
            // Entries are only ever added, so that pages read one after the other fit together.
            let page = try await ledger(from: count, limit: 500)
            for entry in page {
                let expected = LedgerEntry(sequence: count, time: entry.time, change: entry.change, after: previous)
                guard entry == expected else { throw RegistryError.ledgerBroken(sequence: count) }
                previous = entry.chain
                count += 1
            }
            if page.isEmpty { return count }
        }
    }
}
