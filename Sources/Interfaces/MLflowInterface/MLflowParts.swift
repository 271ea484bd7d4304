// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
package import ModelExecution
package import Tensors

/// Files that come in parts: begun, sent to addresses of this server, and joined.
package struct MLflowParts: Sendable {
    private let tracking: ExperimentTracking
    private let blobs: any BlobStore
    private let uploads: PartUploads

    package init(tracking: ExperimentTracking, blobs: any BlobStore, uploads: PartUploads) {
        self.tracking = tracking
        self.blobs = blobs
        self.uploads = uploads
    }

    /// The header that a part's secret travels in: an address stands in the logs of what is in between.
    package static let secretHeader = "X-Slipway-Upload-Secret"

    /// Begins an upload, and tells where its parts are to be sent.
    ///
    /// - Parameters:
    ///   - folder: As it stands in the target, decoded once.
    ///   - address: Where clients reach this server: `http://localhost:8080`.
    /// - Throws: `TRK-001`, `TRK-004`, `IN-009`.
    package func begin(
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
    package func take(
        _ number: Int, of ticket: PartUploads.Ticket, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> Digest {
        try await uploads.take(number, of: ticket, chunks)
    }

    /// Joins the parts. The file is there as a whole from then on, instead of what was there; the same again is harmless.
    ///
    /// - Throws: `TRK-010` when parts are missing or are not those that are named.
    package func complete(in folder: String, _ fields: MLflowFields, project: ProjectName) async throws {
        let subject = try subject(folder, fields, project)
        let upload = try fields.text("upload_id")
        let named = try fields.list("parts").map { part in
            (number: Int(clamping: try part.integer("part_number")), digest: try part.text("etag"))
        }
        guard let (claim, parts) = try await uploads.join(upload, subject, named: named) else { return }
        let (content, byteCount) = try await blobs.keep(parts)
        try await tracking.in(project).setArtifact(subject.path, content: content, byteCount: byteCount)
        try await claim.complete()
    }

    package func abort(in folder: String, _ fields: MLflowFields, project: ProjectName) async throws {
        try await uploads.abort(fields.text("upload_id"), subject(folder, fields, project))
    }

    /// The client names a folder, and the file by where it is on its own machine: the last part of that is its name here.
    private func subject(
        _ folder: String, _ fields: MLflowFields, _ project: ProjectName
    ) throws -> UploadSubject {
        let local = try fields.text("path")
        let name = local.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }.last ?? ""
        // An empty one would be the folder itself.
        return UploadSubject(
            path: try ArtifactPath("\(folder)/\(name.isEmpty ? "." : name)"), project: project)
    }
}
