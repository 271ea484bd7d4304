// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
package import ModelDomain
internal import ModelExecution
package import Tensors

/// Files that come in parts: begun, sent to addresses of this server, and joined.
extension MLflowArtifacts {
    /// The header that a part's secret travels in: an address stands in the logs of what is in between.
    package static let secretHeader = "X-Slipway-Upload-Secret"

    /// Begins an upload, and tells where its parts are to be sent.
    ///
    /// - Parameters:
    ///   - folder: As it stands in the target, decoded once.
    ///   - address: Where clients reach this server: `http://localhost:8080`.
    /// - Throws: `TRK-001`, `TRK-004`, `IN-009`.
    package func beginParts(
        in folder: String, _ fields: MLflowFields, at address: String, project: ProjectName
    ) async throws -> JSONValue {
        let subject = try subject(folder, fields, project)
        try await tracking.in(project).checkOwner(of: subject.path)
        guard let number = try fields.optionalInteger("num_parts"), let count = Int(exactly: number) else {
            throw fields.missing("num_parts")
        }
        let ticket = try await uploads.begin(subject, count: count)
        return .record([
            ("upload_id", .string(ticket.upload)),
            (
                "credentials",
                .array(
                    (1...count).map { number in
                        .record([
                            (
                                "url",
                                .string("\(address)/api/2.0/mlflow-artifacts/mpu/parts/\(ticket.upload)/\(number)")
                            ),
                            ("part_number", .integer(Int64(number))),
                            ("headers", .object([(Self.secretHeader, .string(ticket.secret))])),
                        ])
                    })
            ),
        ])
    }

    /// Takes one part.
    ///
    /// - Returns: Its digest, by which the client names it in the end.
    package func takePart(
        _ number: Int, of ticket: PartUploads.Ticket, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> Digest {
        try await uploads.check(ticket, number: number)
        let part = try await blobs.stage(chunks)
        try await uploads.take(part, number: number, ticket)
        return part.digest
    }

    /// Joins the parts. The file is there as a whole from then on, instead of what was there; the same again is harmless.
    ///
    /// - Throws: `TRK-010` when parts are missing or are not those that are named.
    package func completeParts(in folder: String, _ fields: MLflowFields, project: ProjectName) async throws {
        let subject = try subject(folder, fields, project)
        let upload = try fields.text("upload_id")
        let named = try fields.list("parts").map { part in
            (number: Int(clamping: try part.integer("part_number")), digest: try part.text("etag"))
        }
        guard let parts = try await uploads.join(upload, subject, named: named) else { return }
        do {
            let (content, byteCount) = try await blobs.keep(JoinedParts(parts))
            try await tracking.in(project).setArtifact(subject.path, content: content, byteCount: byteCount)
        } catch {
            await uploads.end(upload, completed: false)
            throw error
        }
        await uploads.end(upload, completed: true)
    }

    package func abortParts(in folder: String, _ fields: MLflowFields, project: ProjectName) async throws {
        try await uploads.abort(fields.text("upload_id"), subject(folder, fields, project))
    }

    /// The client names a folder, and the file by where it is on its own machine: the last part of that is its name here.
    private func subject(
        _ folder: String, _ fields: MLflowFields, _ project: ProjectName
    ) throws -> PartUploads.Subject {
        let local = try fields.text("path")
        let name = local.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }.last ?? ""
        // An empty one would be the folder itself.
        return PartUploads.Subject(
            path: try ArtifactPath("\(folder)/\(name.isEmpty ? "." : name)"), project: project)
    }
}
