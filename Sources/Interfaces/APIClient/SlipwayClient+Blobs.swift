// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1

extension SlipwayClient {
    /// Whether the server holds a content.
    package func hasBlob(_ digest: Digest) async throws -> Bool {
        let answer = try await exchange(Call(method: .HEAD, path: "/v1/blobs/\(digest)"))
        switch answer.status {
        case 200..<300: return true
        case 404: return false
        // An answer to HEAD has no body, so the explanation is asked for once more, where it can be read.
        default: throw refusal(in: try await exchange(Call(path: "/v1/status")), status: answer.status)
        }
    }

    /// Sends a content, piece by piece.
    ///
    /// - Parameter byteCount: What `chunks` add up to; `REG-013` is thrown when they do not.
    package func putBlob(
        _ digest: Digest, byteCount: Int, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws {
        let buffers = chunks.map { ByteBuffer(bytes: $0) }
        _ = try await answer(
            to: Call(
                method: .PUT, path: "/v1/blobs/\(digest)",
                body: .stream(buffers, length: .known(Int64(byteCount))), contentType: "application/octet-stream",
                // Gigabytes over a slow line take hours; the server ends an upload that pauses.
                patience: .hours(24)))
    }

    package func putBlob(_ digest: Digest, _ bytes: [UInt8]) async throws {
        _ = try await answer(
            to: Call(
                method: .PUT, path: "/v1/blobs/\(digest)", body: .bytes(ByteBuffer(bytes: bytes)),
                contentType: "application/octet-stream", patience: .minutes(10)))
    }

    /// Fetches a content, piece by piece. Whoever takes it compares it with its digest.
    package func blob(_ digest: Digest, _ take: (_ piece: [UInt8]) throws -> Void) async throws {
        try await stream(Call(path: "/v1/blobs/\(digest)", patience: .hours(24)), take)
    }

    /// The refusal of a HEAD, in the words with which the same token is refused elsewhere.
    private func refusal(in other: Answer, status: Int) -> Refusal {
        if other.status == status { return refusal(in: other) }
        guard status == 401 else { return refusal(in: Answer(status: status, headers: [:], body: [])) }
        // The token is known, and not for this.
        return Refusal(
            .tokenRefused, .denied, "The token may not bring contents to the server.",
            hint: "This needs the role \(Role.names(having: .develop)).")
    }
}
