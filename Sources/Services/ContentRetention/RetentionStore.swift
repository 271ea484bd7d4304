// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The rows, as those see them who clear away. Every conforming type passes `RetentionStoreContract`.
package protocol RetentionStore: Sendable {
    /// Deletes for good what was deleted before `deletedBefore` and nothing needs that is still there, with an entry in
    /// the ledger, all in one transaction.
    ///
    /// - Parameters:
    ///   - ledgerFrom: Entries of the ledger that are older keep no contents.
    ///   - actor: Who is written into the ledger; `nil` only finds out what would happen.
    /// - Throws: `RET-001` for a table of which it is not known what it names.
    func expire(
        deletedBefore: Timestamp, ledgerFrom: Timestamp, by actor: String?, at time: Timestamp
    ) async throws -> Expiry
}

/// What went, and what is left.
package struct Expiry: Sendable, Equatable {
    /// How many of each kind went.
    package var runs = 0
    package var experiments = 0
    package var loggedModels = 0
    /// Versions keep their number and lose what they were made of.
    package var versions = 0
    package var artifacts = 0
    /// What the rows name now, and what they named before.
    package var references: Set<ContentReference> = []
    package var earlierReferences: Set<ContentReference> = []

    package init() {}

    /// `3 runs, 1 version`; `nil` when nothing went.
    package var summary: String? {
        let kinds = [
            (runs, "run"), (experiments, "experiment"), (loggedModels, "logged model"), (versions, "version"),
            (artifacts, "artifact"),
        ]
        let parts = kinds.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
