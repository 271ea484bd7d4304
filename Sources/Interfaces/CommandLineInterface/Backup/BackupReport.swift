// SPDX-License-Identifier: Apache-2.0
package import APIClient

/// What to copy, from where to where.
package struct BackupOptions: Sendable {
    package let target: String
    package let data: String?
    /// Where the registry of a platform without a server is; `nil` for a file in the data folder.
    package let database: String?
    package let withToken: Bool
    /// The server to copy; `nil` where none runs.
    package let client: SlipwayClient?
}

package struct RestoreOptions: Sendable {
    package let backup: String
    package let data: String
    /// The URL of an empty database; `nil` for a file in the data folder.
    package let database: String?
}

/// A backup, as it was written or read.
package struct BackupReport: Encodable, Sendable {
    package let path: String
    package let madeAt: String
    package let rows: Int
    package let ledgerEntries: Int
    package let contents: Int
    package let contentBytes: Int
    /// How many contents were copied now; the others were there.
    package let copied: Int?
    /// What the registry names and the store had not.
    package let missing: [String]
    /// Of `backup.json`, and so of all.
    package let digest: String

    package init(
        path: String, madeAt: String, rows: Int, ledgerEntries: Int, contents: Int, contentBytes: Int, copied: Int?,
        missing: [String], digest: String
    ) {
        self.path = path
        self.madeAt = madeAt
        self.rows = rows
        self.ledgerEntries = ledgerEntries
        self.contents = contents
        self.contentBytes = contentBytes
        self.copied = copied
        self.missing = missing
        self.digest = digest
    }

    func text(verb: String) -> String {
        let news = copied.map { $0 == contents ? "" : ", \($0) of them new" } ?? ""
        let facts = Table(rows: [
            ["made at", madeAt], ["registry", "\(rows) rows, \(ledgerEntries) entries in the ledger"],
            ["contents", "\(contents) (\(byteText(contentBytes)))\(news)"], ["digest", digest],
        ])
        return "\(verb): \(path.printable)\n\(facts.text)"
    }
}
