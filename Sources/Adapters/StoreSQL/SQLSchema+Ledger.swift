// SPDX-License-Identifier: Apache-2.0

extension SQLSchema.Migration {
    /// What a change was made on, beside the change; and an index by which the state at a past moment is one look.
    static let ledgerEvidence = SQLSchema.Migration(
        number: 5,
        statements: [
            "ALTER TABLE ledger ADD COLUMN evidence TEXT",
            "DROP INDEX ledger_by_object",
            "CREATE INDEX ledger_by_change ON ledger (object, action, time, sequence)",
        ])
}
