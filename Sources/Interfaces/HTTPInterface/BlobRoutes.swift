// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelExecution
internal import NIOCore
internal import WireTypes

/// `/v1/blobs`: contents by their digest, streamed into the store.
///
/// They belong to no project: who knows a digest may put the content, which is the same whoever does.
struct BlobRoutes: Sendable {
    let blobs: any BlobStore
    let maxByteCount: Int

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .head, "/v1/blobs/:digest", needs: .develop, of: .common, "Whether a content is here.", use: contains),
            AdministrationRoute(
                .get, "/v1/blobs/:digest", needs: .administer, of: .platform, "Download a content.", use: get),
            AdministrationRoute(
                .put, "/v1/blobs/:digest", needs: .develop, of: .common, "Upload a content under its digest.",
                status: 201, use: put),
            AdministrationRoute(
                .post, "/v1/blobs/missing", needs: .develop, of: .common,
                "Which of up to 10,000 contents are not here.", takes: BlobListV1.self, gives: BlobListV1.self,
                use: missing),
        ]
    }

    /// `HEAD /v1/blobs/{digest}` → 200 when the content is there, else 404.
    @Sendable private func contains(_: Request, _ context: AdministrationContext) async throws -> Response {
        let digest = try digest(context.parameters.require("digest"))
        guard try await blobs.contains(digest) else {
            throw Refusal(
                .contentMissing, .notFound, "The content \(digest.short) is not here.", hint: "Upload it with PUT.")
        }
        return Response(status: .ok)
    }

    /// `GET /v1/blobs/{digest}` → the bytes, or problem `REG-007`. For administrators only: rows of examples are among them.
    @Sendable private func get(_: Request, _ context: AdministrationContext) async throws -> Response {
        let digest = try digest(context.parameters.require("digest"))
        guard try await blobs.contains(digest) else {
            throw Refusal(
                .contentMissing, .notFound, "The content \(digest.short) is not here.", hint: "Check the digest.")
        }
        return .bytes(try await blobs.pieces(of: digest))
    }

    /// `POST /v1/blobs/missing`, `BlobListV1` → `BlobListV1` of those that are not here, in their order.
    @Sendable private func missing(_ request: Request, _: AdministrationContext) async throws -> Response {
        let digests = try await request.decoded(as: BlobListV1.self).digests
        guard digests.count <= 10_000 else {
            throw Refusal(
                .limitExceeded, .tooLarge, "There are \(digests.count) digests.", hint: "Ask for 10,000 at a time.")
        }
        let named = try digests.map(digest)
        let absent = Set(try await blobs.absent(among: named))
        // As they were written.
        return try .json(BlobListV1(digests: zip(digests, named).filter { absent.contains($1) }.map(\.0)))
    }

    /// `PUT /v1/blobs/{digest}` with the bytes → 201, or problem `REG-013` when they have another digest.
    @Sendable private func put(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let digest = try digest(context.parameters.require("digest"))
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maxByteCount {
            throw tooLarge(maxByteCount)
        }
        try await blobs.put(digest, BlobChunks(body: request.body, maxByteCount: maxByteCount))
        return Response(status: .created)
    }
}

/// The body of an upload, piece by piece, up to a limit.
struct BlobChunks: AsyncSequence, Sendable {
    typealias Failure = any Error

    let body: RequestBody
    let maxByteCount: Int

    struct Iterator: AsyncIteratorProtocol {
        var pieces: RequestBody.AsyncIterator
        let maxByteCount: Int
        var byteCount = 0

        @concurrent mutating func next() async throws -> [UInt8]? {
            guard let piece = try await pieces.next() else { return nil }
            byteCount += piece.readableBytes
            guard byteCount <= maxByteCount else { throw tooLarge(maxByteCount) }
            return [UInt8](buffer: piece)
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(pieces: body.makeAsyncIterator(), maxByteCount: maxByteCount)
    }
}

private func tooLarge(_ maxByteCount: Int) -> Refusal {
    Refusal(
        .limitExceeded, .tooLarge, "The content is larger than \(maxByteCount) bytes.",
        hint: "Start the server with a higher limit for contents.")
}
