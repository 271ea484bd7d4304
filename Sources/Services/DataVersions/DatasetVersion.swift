// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A name for data, in a project.
package struct DatasetReference: Sendable, Hashable, CustomStringConvertible {
    package let project: ProjectName
    package let name: DatasetName

    package init(project: ProjectName = .standard, name: DatasetName) {
        self.project = project
        self.name = name
    }

    package var description: String { project == .standard ? name.rawValue : "\(project)/\(name)" }

    /// Where a proof begins that somebody has the data that they add here, and does not only know what its pieces are
    /// called: then come the data and the digests of its rows.
    package var proofHasher: DigestHasher {
        var hasher = DigestHasher()
        hasher.update(Array("slipway.data-proof/1\n\(project)/\(name)\n".utf8))
        return hasher
    }
}

/// One version of a data set: never changed, and called by its number or by the SHA-256 of its data.
package struct DatasetVersion: Sendable, Hashable {
    package let dataset: DatasetReference
    /// From 1.
    package let number: Int
    /// SHA-256 of the data as it was added.
    package let data: Digest
    /// Digest of its ``DatasetManifest``, which is a content of its own.
    package let manifest: Digest
    package let byteCount: Int
    package let rowCount: Int
    /// Bytes that the version before did not have.
    package let newByteCount: Int
    /// Whether the data can be had back, and is not only known by its digest.
    package let isKept: Bool
    package let note: String?
    package let createdAt: Timestamp
    package let createdBy: String

    package init(
        dataset: DatasetReference, number: Int, data: Digest, manifest: Digest, byteCount: Int, rowCount: Int,
        newByteCount: Int, isKept: Bool, note: String?, createdAt: Timestamp, createdBy: String
    ) {
        self.dataset = dataset
        self.number = number
        self.data = data
        self.manifest = manifest
        self.byteCount = byteCount
        self.rowCount = rowCount
        self.newByteCount = newByteCount
        self.isKept = isKept
        self.note = note
        self.createdAt = createdAt
        self.createdBy = createdBy
    }
}

/// How a person names a version of a data set: `3`, or the first digits of its digest, or nothing for the newest.
package enum DatasetSelector: Sendable, Hashable, CustomStringConvertible {
    case newest
    case number(Int)
    /// 8 to 64 lower-case hexadecimal digits.
    case digest(prefix: String)

    /// - Throws: `DAT-001` when `text` is none of these.
    package init(_ text: String) throws(DatasetError) {
        if text == "newest" {
            self = .newest
        } else if let number = Int(text), number > 0, String(number) == text, text.utf8.count < 8 {
            self = .number(number)
        } else {
            let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
            guard (8...64).contains(digits.utf8.count),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { throw .unreadableSelector(String(text.prefix(100))) }
            self = .digest(prefix: String(digits))
        }
    }

    package var description: String {
        switch self {
        case .newest: "newest"
        case .number(let number): String(number)
        case .digest(let prefix): prefix
        }
    }
}
