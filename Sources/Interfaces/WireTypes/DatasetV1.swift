// SPDX-License-Identifier: Apache-2.0
package import DataVersions
internal import ModelDomain

/// One version of a data set.
package struct DatasetVersionV1: Codable, Sendable, Equatable {
    package let dataset: String
    package let project: String
    package let version: Int
    /// `sha256:…` of the data, as `sha256sum` prints it of the file.
    package let digest: String
    /// `sha256:…` of its record: columns, profile, pieces.
    package let record: String
    package let bytes: Int
    package let rows: Int
    /// Bytes that the version before did not have.
    package let newBytes: Int
    /// Whether the data can be had back.
    package let kept: Bool
    package let note: String?
    /// RFC 3339.
    package let createdAt: String
    package let createdBy: String

    package init(_ version: DatasetVersion) {
        dataset = version.dataset.name.rawValue
        project = version.dataset.project.rawValue
        self.version = version.number
        digest = version.data.description
        record = version.manifest.description
        bytes = version.byteCount
        rows = version.rowCount
        newBytes = version.newByteCount
        kept = version.isKept
        note = version.note
        createdAt = version.createdAt.text
        createdBy = version.createdBy
    }
}

/// `POST /v1/datasets/{dataset}/versions`: the contents are in the blob store already.
package struct AddDatasetV1: Codable, Sendable, Equatable {
    package let project: String?
    /// Digest of its record.
    package let record: String
    /// Shows that the caller has the data, where it is kept: docs/formats/dataset.md.
    package let proof: String?
    package let note: String?

    package init(project: String?, record: String, proof: String?, note: String?) {
        self.project = project
        self.record = record
        self.proof = proof
        self.note = note
    }
}

/// What became of `POST /v1/datasets/{dataset}/versions`.
package struct AddedDatasetV1: Codable, Sendable, Equatable {
    package let version: DatasetVersionV1
    /// Whether the newest version was not this data already.
    package let new: Bool

    package init(version: DatasetVersionV1, new: Bool) {
        self.version = version
        self.new = new
    }
}

/// `POST /v1/blobs/missing`, and what it gives.
package struct BlobListV1: Codable, Sendable, Equatable {
    package let digests: [String]

    package init(digests: [String]) { self.digests = digests }
}
