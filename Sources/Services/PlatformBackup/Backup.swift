// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A backup that was written before, as it is read.
package struct Backup: Sendable {
    package let source: any ArchiveSource
    package let manifest: BackupManifest
    package let contents: [Digest]

    /// More than these lists ever are.
    private static let listLimit = 4 << 30

    /// Reads what the backup says of itself; ``verify(progress:)`` looks whether that is so.
    ///
    /// - Throws: `BAK-001`.
    package init(_ source: any ArchiveSource) throws {
        self.source = source
        manifest = try BackupManifest(try source.read(BackupManifest.fileName, limit: 64 << 20))
        try Self.check(manifest.contents, in: source)
        contents = try ContentList.read(try source.read(manifest.contents.name, limit: Self.listLimit))
        guard contents.count == manifest.contentCount else {
            throw backupDamaged("its list of contents has \(contents.count) of \(manifest.contentCount) lines")
        }
    }

    /// Compares every byte with its digest.
    ///
    /// - Returns: What is damaged or missing, by name; empty when all is well.
    package func verify(progress: (String) -> Void) throws -> [String] {
        var damaged: [String] = []
        for part in [manifest.records, manifest.token].compactMap(\.self)
        where try !isSound(part.name, part.digest, part.byteCount) {
            damaged.append(part.name)
        }
        for (index, digest) in contents.enumerated() {
            if try !isSound(BackupManifest.contentName(digest), digest, nil) {
                damaged.append(BackupManifest.contentName(digest))
            }
            if index % 1000 == 999 { progress("\(index + 1) of \(contents.count) contents compared") }
        }
        return damaged
    }

    private func isSound(_ name: String, _ digest: Digest, _ byteCount: Int?) throws -> Bool {
        guard let size = source.entries[name], byteCount ?? size == size else { return false }
        return try digestOf(name, in: source) == digest
    }

    private static func check(_ part: BackupManifest.Part, in source: any ArchiveSource) throws {
        guard source.entries[part.name] != nil else { throw backupDamaged("“\(part.name)” is missing") }
        guard try digestOf(part.name, in: source) == part.digest else {
            throw backupDamaged("“\(part.name)” is not what was written")
        }
    }
}

private func digestOf(_ name: String, in source: any ArchiveSource) throws -> Digest {
    var hasher = DigestHasher()
    let next = try source.pieces(of: name)
    while let piece = try next() { hasher.update(piece) }
    return hasher.finish()
}
