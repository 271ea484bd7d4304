// SPDX-License-Identifier: Apache-2.0

/// A backup that is being made.
package struct BackupV1: Codable, Sendable, Equatable {
    package let id: String
    /// RFC 3339: until then nothing that it needs is cleared away.
    package let openUntil: String
    /// The text of `backup.json`, as it is to be kept.
    package let manifest: String

    package init(id: String, openUntil: String, manifest: String) {
        self.id = id
        self.openUntil = openUntil
        self.manifest = manifest
    }
}
