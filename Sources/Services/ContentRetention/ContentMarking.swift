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

    /// The largest document that is opened.
    private static let documentLimit = 16 << 20

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
            guard let bytes = try await read(digest, holder, in: blobs) else { continue }
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
            guard let bytes = try await read(digest, holder, in: blobs) else { continue }
            // What stands there may be the digest of something that was never here.
            marked.formUnion(digests(in: bytes))
        }
        marked.formUnion(required)
    }

    private mutating func read(_ digest: Digest, _ holder: String?, in blobs: some BlobStore) async throws -> [UInt8]? {
        do {
            return try await blobs.read(digest, limit: Self.documentLimit)
        } catch let error as any ExplainedError {
            let explanation = error.explanation
            // A disk that fails is no statement about one content.
            guard [.contentMissing, .bundleDamaged, .limitExceeded].contains(explanation.code) else { throw error }
            problems.append(Problem(digest: digest, holder: holder, reason: explanation.message))
            return nil
        }
    }
}

/// Every run of exactly 64 lower-case hexadecimal digits.
package func digests(in bytes: [UInt8]) -> Set<Digest> {
    var found: Set<Digest> = []
    var start = 0
    for index in 0...bytes.count {
        let isDigit = index < bytes.count && isHexadecimal(bytes[index])
        if isDigit { continue }
        if index - start == 64, let digest = Digest(String(decoding: bytes[start..<index], as: UTF8.self)) {
            found.insert(digest)
        }
        start = index + 1
    }
    return found
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
