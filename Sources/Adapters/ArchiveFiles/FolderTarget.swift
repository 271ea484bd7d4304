// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
internal import PlatformBackup

/// A folder that a backup is written into, also over one of before: contents that are there are not copied again.
///
/// Each file is whole when it has its name, and the index is replaced last, so that whoever reads finds one backup or the
/// other.
package final class FolderTarget: ArchiveTarget {
    private let folder: String
    private var made: Set<String> = []

    /// - Throws: `BAK-002` for a folder that holds something else than a backup.
    package init(_ folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: folder).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try makeFolder(folder)
        let present = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard present.isEmpty || present.contains(BackupManifest.fileName) || present.allSatisfy(isOurs) else {
            throw Refusal(
                .restoreTargetTaken, .conflict, "“\(folder)” holds something that is no backup.",
                hint: "Name a new folder, or one with a backup to bring up to date.")
        }
        for name in present where name.hasSuffix(unfinishedEnding) { removeFile("\(folder)/\(name)") }
    }

    package func has(_ name: String, byteCount: Int) -> Bool {
        guard case .file(let present)? = kind(of: "\(folder)/\(name)") else { return false }
        return present == byteCount
    }

    package func add(
        _ name: String, _ digest: Digest, byteCount: Int,
        _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws {
        var parent = folder
        for part in name.split(separator: "/").dropLast() {
            parent += "/\(part)"
            if made.insert(parent).inserted { try makeFolder(parent) }
        }
        let unfinished = "\(folder)/\(getpid())\(unfinishedEnding)"
        let file = try SystemFile(replacing: unfinished)
        do {
            var received = Received()
            try await pieces { bytes in
                received.take(bytes)
                try file.write(bytes)
            }
            try received.check(name, digest, byteCount)
            try file.synchronize()
            try renameFile(unfinished, to: "\(folder)/\(name)")
        } catch {
            removeFile(unfinished)
            throw error
        }
    }

    package func finish(index: String, _ bytes: [UInt8]) async throws {
        for parent in made { try synchronizeFolder(parent) }
        try synchronizeFolder(folder)
        let before = try? BackupManifest(try FolderSource(folder).read(index, limit: 64 << 20))
        try await add(index, bytes)
        try synchronizeFolder(folder)
        // Parts of the backup before, which no index names any more.
        let now = try BackupManifest(bytes)
        let kept = Set([now.records, now.contents, now.token].compactMap { $0?.name })
        for part in [before?.records, before?.contents, before?.token].compactMap({ $0?.name })
        where !kept.contains(part) {
            removeFile("\(folder)/\(part)")
        }
    }
}

let unfinishedEnding = ".unfinished"

/// What a backup that was interrupted leaves.
private func isOurs(_ name: String) -> Bool {
    name == "contents" || name.hasSuffix(unfinishedEnding)
        || ["registry-", "contents-", "token-"].contains { name.hasPrefix($0) }
}

/// What has come of a file so far.
struct Received {
    private var hasher = DigestHasher()
    private(set) var byteCount = 0

    mutating func take(_ bytes: [UInt8]) {
        hasher.update(bytes)
        byteCount += bytes.count
    }

    /// - Throws: `BAK-001`.
    func check(_ name: String, _ digest: Digest, _ announced: Int) throws {
        guard byteCount == announced, hasher.finish() == digest else {
            throw backupDamaged("“\(name)” did not arrive as it was announced")
        }
    }
}
