// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution

/// A part of a content, among what is being written; it goes with its last holder, and with a start.
final class StagedFile: StagedPart {
    let digest: Digest
    let byteCount: Int
    private let path: String
    private let store: BlobFiles

    init(path: String, digest: Digest, byteCount: Int, store: BlobFiles) {
        self.path = path
        self.digest = digest
        self.byteCount = byteCount
        self.store = store
    }

    deinit { removeFile(path) }

    func pieces() async throws -> @Sendable () async throws -> [UInt8]? {
        store.pieces(
            of: try await store.onQueue { [self] in
                guard let file = try OpenFile(reading: path) else { throw missing(digest, name: nil) }
                return file
            })
    }
}
