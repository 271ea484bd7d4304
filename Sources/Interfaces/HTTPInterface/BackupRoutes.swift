// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import NIOCore
internal import PlatformBackup
internal import WireTypes

/// `/v1/backups`: copies of a platform that goes on to work. Whoever makes one fetches the contents by their digests.
struct BackupRoutes: Sendable {
    let backups: PlatformBackups

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .post, "/v1/backups", needs: .administer, of: .platform,
                "Begin a backup: writes the registry down, and holds what it needs.", gives: BackupV1.self, status: 201,
                use: begin),
            AdministrationRoute(
                .get, "/v1/backups/:backup/registry", needs: .administer, of: .platform,
                "The registry as it was when the backup began, a row each line.", use: registry),
            AdministrationRoute(
                .get, "/v1/backups/:backup/contents", needs: .administer, of: .platform,
                "The contents to copy: a digest and its bytes each line.", use: contents),
            AdministrationRoute(
                .delete, "/v1/backups/:backup", needs: .administer, of: .platform,
                "End a backup: what it needs is held no longer.", status: 204, use: end),
        ]
    }

    /// `POST /v1/backups` → `BackupV1`.
    @Sendable private func begin(_: Request, _ context: AdministrationContext) async throws -> Response {
        let backup = try await backups.open(
            UUID().uuidString.lowercased(), by: context.actor, tool: Product.nameAndVersion)
        return try .json(
            BackupV1(
                id: backup.id, openUntil: backup.openUntil.text,
                manifest: String(decoding: backup.manifest.bytes, as: UTF8.self)), status: .created)
    }

    /// `GET /v1/backups/{backup}/registry` → the rows, or problem `BAK-003`.
    @Sendable private func registry(_: Request, _ context: AdministrationContext) async throws -> Response {
        let backup = try backups.backup(context.parameters.require("backup"))
        let pieces = backup.records.pieces()
        return Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                while let piece = try await pieces() { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }

    /// `GET /v1/backups/{backup}/contents` → lines of digest and size, or problem `BAK-003`.
    @Sendable private func contents(_: Request, _ context: AdministrationContext) async throws -> Response {
        let contents = try backups.backup(context.parameters.require("backup")).contents
        return Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody { writer in
                for start in stride(from: 0, to: contents.count, by: 1000) {
                    let lines = contents[start..<min(start + 1000, contents.count)].map {
                        "\($0.digest.hex) \($0.byteCount)\n"
                    }
                    try await writer.write(ByteBuffer(string: lines.joined()))
                }
                try await writer.finish(nil)
            })
    }

    /// `DELETE /v1/backups/{backup}` → nothing, also where it has ended.
    @Sendable private func end(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await backups.close(context.parameters.require("backup"))
        return Response(status: .noContent)
    }
}
