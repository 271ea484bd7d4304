// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where contents are kept by their digest. Every conforming type passes `BlobStoreContract`.
///
/// What ``put(_:)`` acknowledged is on disk; a content is there whole or not at all, also after a crash.
package protocol BlobStore: Sendable {
    /// Keeps what `chunks` yields under `digest`; keeping the same content twice is harmless.
    ///
    /// - Throws: `REG-013` when the content has another digest; `SYS-001` when the disk is full, `SYS-002` when the folder
    ///   cannot be written. Nothing half-written stays behind.
    func put(_ digest: Digest, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable) async throws

    /// Keeps what `chunks` yields under the digest that it turns out to have.
    ///
    /// - Throws: As ``put(_:_:)`` does.
    func keep(_ chunks: some AsyncSequence<[UInt8], any Error> & Sendable) async throws
        -> (digest: Digest, byteCount: Int)

    func contains(_ digest: Digest) async throws -> Bool

    /// How large a content is; `nil` when it is not there.
    func byteCount(of digest: Digest) async throws -> Int?

    /// The whole content, which may be at most `limit` bytes.
    ///
    /// - Throws: `REG-007` when it is not there, `PRJ-009` when it is damaged, `IN-009` when it is larger.
    func read(_ digest: Digest, limit: Int) async throws -> [UInt8]

    /// The content piece by piece, so that a large one is never in memory as a whole: each call gives the next piece,
    /// `nil` at the end. Whoever reads it compares it with its digest.
    ///
    /// - Throws: `REG-007` when it is not there.
    func pieces(of digest: Digest) async throws -> @Sendable () async throws -> [UInt8]?

    /// A folder in which every file of `manifest` lies under its own name, for engines that open files. Blocks: the first
    /// time for as long as it takes to compare every byte with its digest.
    ///
    /// - Throws: `REG-007` naming the first content that is not there; `PRJ-009` when one is damaged.
    func materialize(_ files: [BundleFile], as bundle: Digest) throws -> String
}

extension BlobStore {
    /// Which of `digests` are not here, in their order.
    package func absent(among digests: [Digest]) async throws -> [Digest] {
        var absent: [Digest] = []
        for digest in digests where try await !contains(digest) { absent.append(digest) }
        return absent
    }
}
