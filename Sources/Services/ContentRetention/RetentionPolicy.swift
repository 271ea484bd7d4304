// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// How long what nobody sees any more is kept.
package struct RetentionPolicy: Sendable, Equatable {
    /// From the day on which a run, an experiment, a logged model or a version was deleted.
    package var deleted: Int64
    /// Contents that an entry of the ledger names, from the entry on.
    package var ledger: Int64
    /// In the trash.
    package var trash: Int64
    /// Contents that no row names yet: uploads, evaluations and packing that are under way.
    package var grace: Int64 = day

    /// Microseconds.
    package static let day: Int64 = 86_400_000_000

    package init(deleted: Lifetime? = nil, ledger: Lifetime? = nil, trash: Lifetime? = nil) {
        self.deleted = deleted.map { Int64($0.seconds) * 1_000_000 } ?? 30 * Self.day
        self.ledger = ledger.map { Int64($0.seconds) * 1_000_000 } ?? 365 * Self.day
        self.trash = trash.map { Int64($0.seconds) * 1_000_000 } ?? 30 * Self.day
    }
}

extension Timestamp {
    /// - Parameter span: Microseconds.
    func before(_ span: Int64) -> Timestamp { Timestamp(microseconds: microseconds - span) }
}
