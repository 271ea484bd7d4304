// SPDX-License-Identifier: Apache-2.0
import APIClient
import ArchiveFiles
import CommandLineInterface
import Foundation
import ModelDomain
import ModelTransfer
import PlatformBackup
import WireTypes

/// Versions in files of their own, between this machine and a server.
struct TransferRun {
    let client: SlipwayClient
    let progress: @Sendable (String) -> Void

    func export(_ source: RegisteredSource, to path: String) async throws -> TransferReport {
        let target = try TarTarget(path)
        let bytes = try await client.exportDocument(of: source.model, version: source.version)
        let document = try TransferDocument(bytes)
        let number = String(document.number)
        for content in document.contents {
            progress("\(content.role) \(content.digest.short)")
            try await target.add(
                BackupManifest.contentName(content.digest), content.digest, byteCount: content.byteCount
            ) {
                try await client.exported(content.digest, of: source.model, version: number, $0)
            }
        }
        try await target.finish(index: TransferDocument.fileName, bytes)
        return TransferReport(document, file: path, isNew: true)
    }

    func bring(_ path: String, named name: ModelName?, into project: ProjectName?) async throws -> TransferReport {
        let source = try TarSource(path)
        let bytes = try source.read(TransferDocument.fileName, limit: TransferDocument.limit)
        let document = try TransferDocument(bytes)
        // All of it is looked at before the first thing is sent.
        for content in document.contents where try !isSound(content, in: source) {
            throw backupDamaged(
                "“\(BackupManifest.contentName(content.digest))” is not what was written, or is missing")
        }
        for content in document.contents where try await !client.hasBlob(content.digest) {
            progress("sending \(content.role) \(content.digest.short)")
            let next = try source.pieces(of: BackupManifest.contentName(content.digest))
            try await client.putBlob(
                content.digest, byteCount: content.byteCount, AsyncThrowingStream { try next() })
        }
        let digest = Digest(of: bytes)
        try await client.putBlob(digest, bytes)
        let model = ModelReference(
            project: project ?? document.model.project, name: name ?? document.model.name)
        let imported = try await client.importModel(digest, as: model)
        return TransferReport(
            model: imported.model, project: imported.project, version: imported.version, bundle: imported.bundle,
            isNew: imported.isNew, run: imported.run, loggedModel: imported.loggedModel,
            contents: document.contents.count, file: path)
    }

    private func isSound(_ content: TransferDocument.Content, in source: TarSource) throws -> Bool {
        let name = BackupManifest.contentName(content.digest)
        guard source.entries[name] == content.byteCount else { return false }
        var hasher = DigestHasher()
        let next = try source.pieces(of: name)
        while let piece = try next() { hasher.update(piece) }
        return hasher.finish() == content.digest
    }
}

extension TransferReport {
    fileprivate init(_ document: TransferDocument, file: String, isNew: Bool) {
        self.init(
            model: document.model.name.rawValue, project: document.model.project.rawValue, version: document.number,
            bundle: document.bundle.description, isNew: isNew, run: document.run, loggedModel: document.loggedModel,
            contents: document.contents.count, file: file)
    }
}
