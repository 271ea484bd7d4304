// SPDX-License-Identifier: Apache-2.0
import APIClient
import ArchiveFiles
import BlobFiles
import CommandLineInterface
import ContentRetention
import Foundation
import ModelDomain
import ModelExecution
import ModelRegistry
import PlatformBackup
import PlatformReplicas
import StoreSQL
import WireTypes

/// Copies a platform into a folder or a file.
struct BackupRun {
    let options: BackupOptions
    let progress: @Sendable (String) -> Void

    func run() async throws -> BackupReport {
        // Before anything is asked of a server.
        let target: any ArchiveTarget =
            options.target.hasSuffix(".tar") ? try TarTarget(options.target) : try FolderTarget(options.target)
        let folder = DataFolder(options.data)
        if let client = options.client {
            let origin = try await ServerOrigin(client)
            return try await copy(origin, to: target, token: options.withToken ? folder.readToken() : nil)
        }
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw Refusal(
                .serverUnreachable, .unavailable, "No server runs on this machine, and there is no “\(folder.path)”.",
                hint: "Name a server with --server, or a data folder with --data.")
        }
        // Nobody starts a server on it meanwhile.
        let lock = try folder.lock()
        defer { withExtendedLifetime(lock) {} }
        let origin = try await FolderOrigin(folder, database: options.database)
        return try await copy(origin, to: target, token: options.withToken ? folder.readToken() : nil)
    }

    private func copy(
        _ origin: some BackupOrigin, to target: any ArchiveTarget, token: String?
    ) async throws -> BackupReport {
        do {
            let report = try await fill(target, from: origin, token: token)
            await origin.end()
            return report
        } catch {
            await origin.end()
            throw error
        }
    }

    private func fill(
        _ target: any ArchiveTarget, from origin: some BackupOrigin, token: String?
    ) async throws -> BackupReport {
        var manifest = origin.manifest
        progress("copying the registry")
        let records = manifest.records
        if !target.has(records.name, byteCount: records.byteCount) {
            try await target.add(records.name, records.digest, byteCount: records.byteCount) {
                try await origin.registry($0)
            }
        }
        let contents = try await origin.contents()
        let list = ContentList.bytes(of: contents.map(\.digest))
        guard Digest(of: list) == manifest.contents.digest else {
            throw backupDamaged("the list of contents is not what was announced")
        }
        try await target.add(manifest.contents.name, list)
        var copied = 0
        for (index, content) in contents.enumerated() {
            let name = BackupManifest.contentName(content.digest)
            guard !target.has(name, byteCount: content.byteCount) else { continue }
            try await target.add(name, content.digest, byteCount: content.byteCount) {
                try await origin.content(content.digest, $0)
            }
            copied += 1
            if index % 500 == 499 { progress("\(index + 1) of \(contents.count) contents") }
        }
        if let token {
            let bytes = Array("\(token)\n".utf8)
            let digest = Digest(of: bytes)
            let part = BackupManifest.Part(
                name: BackupManifest.partName("token", digest, "txt"), digest: digest, byteCount: bytes.count)
            try await target.add(part.name, bytes)
            manifest.token = part
        }
        try await target.finish(index: BackupManifest.fileName, manifest.bytes)
        return BackupReport(manifest, at: options.target, copied: copied)
    }
}

extension BackupReport {
    init(_ manifest: BackupManifest, at path: String, copied: Int?) {
        self.init(
            path: URL(fileURLWithPath: path).standardizedFileURL.path, madeAt: manifest.madeAt,
            rows: manifest.tables.reduce(0) { $0 + $1.rowCount }, ledgerEntries: manifest.ledgerCount,
            contents: manifest.contentCount, contentBytes: manifest.contentBytes, copied: copied,
            missing: manifest.missing, digest: Digest(of: manifest.bytes).description)
    }
}

/// Where a platform is copied from.
private protocol BackupOrigin {
    var manifest: BackupManifest { get }
    func registry(_ write: ([UInt8]) throws -> Void) async throws
    func contents() async throws -> [(digest: Digest, byteCount: Int)]
    func content(_ digest: Digest, _ write: ([UInt8]) throws -> Void) async throws
    func end() async
}

/// A server, which goes on to work.
private struct ServerOrigin: BackupOrigin {
    let client: SlipwayClient
    let id: String
    let manifest: BackupManifest

    init(_ client: SlipwayClient) async throws {
        self.client = client
        let begun = try await client.beginBackup()
        id = begun.id
        manifest = try BackupManifest(Array(begun.manifest.utf8))
    }

    func registry(_ write: ([UInt8]) throws -> Void) async throws { try await client.registry(of: id, write) }
    func contents() async throws -> [(digest: Digest, byteCount: Int)] { try await client.contents(of: id) }
    func content(_ digest: Digest, _ write: ([UInt8]) throws -> Void) async throws {
        try await client.blob(digest, write)
    }
    // A server that does not hear it forgets the backup by itself.
    func end() async { try? await client.endBackup(id) }
}

/// A data folder that no server uses.
private struct FolderOrigin: BackupOrigin {
    let database: any SQLDatabase
    let blobs: BlobFiles
    let backups: PlatformBackups
    let backup: OpenBackup
    /// Servers with other data folders may use the database; none may clear away between rows and contents.
    let meetingPlace: MeetingPlace?
    var manifest: BackupManifest { backup.manifest }

    init(_ folder: DataFolder, database url: String?) async throws {
        let registry = RegistryDatabase(url, in: folder)
        database = FencedDatabase(try await registry.open())
        meetingPlace = try await registry.meetingPlace()
        let replicas = Replicas(
            .ofThisProcess(at: folder.path), store: meetingPlace.map { SQLReplicaStore(database: $0.database) },
            startedAt: .now, observe: { [] })
        blobs = try BlobFiles(folder: folder.contents)
        backups = PlatformBackups(
            records: SQLPlatformRecords(database: database), blobs: blobs,
            registry: ModelRegistry(store: SQLRegistryStore(database: database), now: { .now }),
            holds: blobs, replicas: replicas, scratch: { try PassingFile(in: folder.path) })
        backup = try await backups.open("local", by: NSUserName(), tool: Product.nameAndVersion)
    }

    func registry(_ write: ([UInt8]) throws -> Void) async throws { try await pass(backup.records.pieces(), write) }
    func contents() async throws -> [(digest: Digest, byteCount: Int)] { backup.contents }
    func content(_ digest: Digest, _ write: ([UInt8]) throws -> Void) async throws {
        try await pass(blobs.pieces(of: digest), write)
    }
    func end() async {
        // What nobody lets go of is let go of in a day.
        try? await backups.close(backup.id)
        try? meetingPlace?.database.close()
        try? database.close()
    }

    private func pass(
        _ next: @Sendable () async throws -> [UInt8]?, _ write: ([UInt8]) throws -> Void
    ) async throws {
        while let piece = try await next() { try write(piece) }
    }
}
