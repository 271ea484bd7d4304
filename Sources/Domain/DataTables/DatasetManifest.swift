// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// How the rows of a file are written.
package enum DataFormat: String, Sendable, CaseIterable {
    case csv, jsonl, parquet, arrow

    /// Told by the end of a name: `.csv`; `.jsonl`, `.ndjson`; `.parquet`, `.pq`; `.arrow`, `.feather`, `.ipc`.
    package init?(name: String) {
        switch name.split(separator: ".").last?.lowercased() {
        case "csv": self = .csv
        case "jsonl", "ndjson": self = .jsonl
        case "parquet", "pq": self = .parquet
        case "arrow", "feather", "ipc": self = .arrow
        default: return nil
        }
    }

    /// What a file of it is called.
    package var fileExtension: String { rawValue }
}

/// A content that is kept in pieces, each under its own digest.
package struct ChunkedContent: Sendable, Hashable {
    package struct Chunk: Sendable, Hashable {
        /// No piece is larger, however it was cut: whoever reads one holds it in memory.
        package static let largest = 4 << 20

        package let digest: Digest
        package let byteCount: Int

        package init(digest: Digest, byteCount: Int) {
            self.digest = digest
            self.byteCount = byteCount
        }
    }

    /// Of all bytes, one after the other.
    package let digest: Digest
    package let byteCount: Int
    /// In their order; empty where only the digest is kept.
    package let chunks: [Chunk]

    package init(digest: Digest, byteCount: Int, chunks: [Chunk]) {
        self.digest = digest
        self.byteCount = byteCount
        self.chunks = chunks
    }
}

/// Everything that is known of one version of a data set: the same for the same bytes, whoever reads them.
///
/// Its canonical JSON is a content of its own (docs/formats/dataset.md). What a version is called by is the SHA-256 of
/// the data, not of this.
package struct DatasetManifest: Sendable, Hashable {
    package static let schema = "slipway.dataset/1"
    /// Of its JSON, some hundred gigabytes of data.
    package static let byteLimit = 256 << 20
    /// Of rows and bytes: what a double still counts one by one.
    package static let countLimit = 1 << 53

    package let format: DataFormat
    package let data: ChunkedContent
    package let rowCount: Int
    /// Columns that tell rows apart; empty where nobody said which.
    package let key: [String]
    /// For each row the digest of its key, where there is one, and that of the row; `nil` where only the digest of the data
    /// is kept.
    package let rows: ChunkedContent?
    package let profiles: [DataProfile]

    package init(
        format: DataFormat, data: ChunkedContent, rowCount: Int, key: [String], rows: ChunkedContent?,
        profiles: [DataProfile]
    ) {
        self.format = format
        self.data = data
        self.rowCount = rowCount
        self.key = key
        self.rows = rows
        self.profiles = profiles
    }

    /// Whether the data can be had back.
    package var isKept: Bool { rows != nil }
    package var columns: [DataColumn] { profiles.map(\.column) }
    /// Bytes of ``rows`` for each row.
    package var rowWidth: Int { RowDigest.byteCount * (key.isEmpty ? 1 : 2) }

    /// Every content that it names.
    package var contents: [ChunkedContent.Chunk] { data.chunks + (rows?.chunks ?? []) }
}
