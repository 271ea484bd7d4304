// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// Everything that some rows need: the contents that they name, and what these name in turn.
package struct ContentMarking: Sendable {
    /// What is needed, and whatever else stands in a document: it may never have been here.
    package private(set) var marked: Set<Digest> = []
    /// What is needed for certain. That it is not there is a loss.
    package private(set) var required: Set<Digest> = []
    /// The bundles among it, whose files may be laid out in folders.
    package private(set) var bundles: Set<Digest> = []
    /// What is needed and cannot be read, so that nobody knows what else is.
    package private(set) var problems: [Problem] = []

    package struct Problem: Sendable, Equatable {
        package let digest: Digest
        package let holder: String?
        /// In the words of who tried.
        package let reason: String

        package init(digest: Digest, holder: String?, reason: String) {
            self.digest = digest
            self.holder = holder
            self.reason = reason
        }
    }

    /// The largest manifest of a bundle that anybody loads. Documents are as large as whoever writes them likes: they are only
    /// searched, piece by piece.
    private static let manifestLimit = 16 << 20

    /// Follows `references` through the store. What is not in the store is a problem for bundles and documents, which
    /// would have named more; a plain content that is missing keeps nothing else alive.
    package init(from references: [ContentReference], in blobs: some BlobStore) async throws {
        var bundles: [Digest: String?] = [:]
        var documents: [Digest: String?] = [:]
        for reference in references {
            marked.insert(reference.digest)
            if reference.role != .evidence { required.insert(reference.digest) }
            switch reference.role {
            case .bundle: bundles[reference.digest] = reference.holder
            case .document: documents[reference.digest] = reference.holder
            case .plain, .evidence: break
            }
        }
        for (digest, holder) in bundles {
            self.bundles.insert(digest)
            let bytes = try await unlessUnreadable(digest, holder) {
                try await blobs.read(digest, limit: Self.manifestLimit)
            }
            guard let bytes else { continue }
            do {
                let manifest = try BundleManifest(manifest: bytes)
                required.formUnion(manifest.files.map(\.digest))
                // A graph says of which versions its steps are.
                for file in manifest.files where file.path == manifest.model && file.path.hasSuffix(".json") {
                    documents[file.digest] = holder
                }
            } catch let refusal {
                problems.append(Problem(digest: digest, holder: holder, reason: refusal.explanation.message))
            }
        }
        for (digest, holder) in documents {
            let named = try await unlessUnreadable(digest, holder) {
                try await digests(inDocument: digest, of: blobs)
            }
            // What stands there may be the digest of something that was never here.
            marked.formUnion(named ?? [])
        }
        marked.formUnion(required)
    }

    private mutating func unlessUnreadable<Content>(
        _ digest: Digest, _ holder: String?, _ read: () async throws -> Content
    ) async throws -> Content? {
        do {
            return try await read()
        } catch let error as any ExplainedError {
            let explanation = error.explanation
            // A disk that fails is no statement about one content.
            guard [.contentMissing, .bundleDamaged, .limitExceeded].contains(explanation.code) else { throw error }
            problems.append(Problem(digest: digest, holder: holder, reason: explanation.message))
            return nil
        }
    }
}

/// The digests in a document, of which only a piece is in memory at a time.
private func digests(inDocument digest: Digest, of blobs: some BlobStore) async throws -> Set<Digest> {
    var (search, hasher) = (DigestSearch(), DigestHasher())
    let next = try await blobs.pieces(of: digest)
    while let piece = try await next() {
        hasher.update(piece)
        search.read(piece)
    }
    guard hasher.finish() == digest else {
        // The store finds the same, says so in its own words, and sets it aside.
        return digests(in: try await blobs.read(digest, limit: .max))
    }
    return search.finish()
}
