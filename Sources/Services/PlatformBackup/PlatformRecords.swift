// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
package import ModelDomain

/// The registry as rows, whichever database they are in.
package protocol PlatformRecords: Sendable {
    /// Writes every row of one consistent state, while others go on to change it.
    ///
    /// - Parameter sink: May be asked to start again from the beginning.
    func dump(into sink: any RecordSink) async throws -> RecordSnapshot
}

/// Where rows are written to.
package protocol RecordSink: Sendable {
    /// What was written so far is void.
    func restart() throws
    func write(_ bytes: [UInt8]) throws
}

/// What was written, and what it needs beside it.
package struct RecordSnapshot: Sendable {
    /// The number of the newest migration.
    package let schema: Int
    /// In the order in which rows can be put in again.
    package let tables: [Table]
    /// The chain's value at the newest entry of the ledger, and how many entries there are.
    package let ledgerHead: Digest?
    package let ledgerCount: Int
    package let references: [ContentReference]

    package struct Table: Sendable, Hashable {
        package let name: String
        package let rowCount: Int

        package init(name: String, rowCount: Int) {
            self.name = name
            self.rowCount = rowCount
        }
    }

    package init(
        schema: Int, tables: [Table], ledgerHead: Digest?, ledgerCount: Int, references: [ContentReference]
    ) {
        self.schema = schema
        self.tables = tables
        self.ledgerHead = ledgerHead
        self.ledgerCount = ledgerCount
        self.references = references
    }
}
