// SPDX-License-Identifier: Apache-2.0
import ArchiveFiles
import BlobFiles
import CommandLineInterface
import Foundation
import ModelDomain
import ModelExecution
import ModelRegistry
import PlatformBackup
import StoreSQL

/// Makes a data folder of a backup. It is made beside its place, and gets its name when all of it is there.
struct RestoreRun {
    let options: RestoreOptions
    let progress: @Sendable (String) -> Void

    func run() async throws -> BackupReport {
        let target = DataFolder(options.data)
        guard isFree(target.path) else {
            throw Refusal(
                .restoreTargetTaken, .conflict, "“\(target.path)” holds something.",
                hint: "Name a folder that is not there yet, or an empty one.")
        }
        let backup = try Backup(try archiveSource(options.backup))
        let damaged = try backup.verify(progress: progress)
        guard damaged.isEmpty else { throw damage(damaged) }
        // What an interrupted restoration left.
        let unfinished = DataFolder(target.path + ".restoring")
        try? FileManager.default.removeItem(atPath: unfinished.path)
        do {
            try unfinished.create()
            try await fill(unfinished, from: backup)
            try synchronize(unfinished.path)
            // Over an empty folder as well; one that has got something since is not replaced.
            guard unsafe rename(unfinished.path, target.path) == 0 else {
                throw Refusal(
                    .restoreTargetTaken, .conflict, "“\(target.path)” holds something by now.",
                    hint: "Name a folder that is not there yet, or an empty one.")
            }
        } catch {
            try? FileManager.default.removeItem(atPath: unfinished.path)
            throw error
        }
        try synchronize(URL(fileURLWithPath: target.path).deletingLastPathComponent().path)
        return BackupReport(backup.manifest, at: target.path, copied: nil)
    }

    static func verify(_ path: String, progress: @Sendable (String) -> Void) throws -> BackupReport {
        let backup = try Backup(try archiveSource(path))
        let damaged = try backup.verify(progress: progress)
        guard damaged.isEmpty else { throw damage(damaged) }
        return BackupReport(backup.manifest, at: path, copied: nil)
    }

    private func fill(_ folder: DataFolder, from backup: Backup) async throws {
        let blobs = try BlobFiles(folder: folder.contents)
        for (index, digest) in backup.contents.enumerated() {
            let next = try backup.source.pieces(of: BackupManifest.contentName(digest))
            // Compared once more on the way: it is this copy that will be used.
            try await blobs.put(digest, AsyncThrowingStream { try next() })
            if index % 500 == 499 { progress("\(index + 1) of \(backup.contents.count) contents") }
        }
        if let token = backup.manifest.token {
            let bytes = try backup.source.read(token.name, limit: 1 << 16)
            try folder.writeToken(
                String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        }
        progress("filling the registry")
        let records = backup.manifest.records.name
        let restoration = SQLRestoration(backup.manifest) { try backup.source.pieces(of: records) }
        if let url = options.database {
            try await restoration.restore(toServer: url, at: .now)
        } else {
            try await restoration.restore(toFile: folder.database, at: .now)
        }
        try await check(folder, backup.manifest)
    }

    /// The ledger of the new registry holds, and ends as that of the old one did.
    private func check(_ folder: DataFolder, _ manifest: BackupManifest) async throws {
        let database = try await RegistryDatabase(options.database, in: folder)
            .open()
        defer { try? database.close() }
        let registry = ModelRegistry(store: SQLRegistryStore(database: database), now: { .now })
        let head = try await registry.verifyLedger().head
        guard head.size == manifest.ledgerCount, head.chain == manifest.ledgerHead else {
            throw backupDamaged("its ledger ends otherwise than was written")
        }
    }

    private func isFree(_ path: String) -> Bool {
        guard FileManager.default.fileExists(atPath: path) else { return true }
        return (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty ?? false
    }

    private func synchronize(_ path: String) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw Refusal(
                .notWritable, .unavailable, "“\(path)” cannot be written.", hint: "Check its owner and permissions.")
        }
    }
}

private func damage(_ names: [String]) -> Refusal {
    let more = names.count > 1 ? " and \(names.count - 1) more" : ""
    return backupDamaged("“\(names[0])”\(more) is not what was written, or is missing", all: names)
}
