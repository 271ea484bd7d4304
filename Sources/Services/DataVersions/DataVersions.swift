// SPDX-License-Identifier: Apache-2.0
package import DataTables
package import ModelDomain
package import ModelExecution
internal import ModelRegistry

/// Named, immutable versions of data, with what is known of each: never more of it in memory than a piece at a time.
package struct DataVersions: Sendable {
    private let store: any DatasetStore
    private let blobs: any BlobStore
    private let now: @Sendable () -> Timestamp

    package init(store: any DatasetStore, blobs: any BlobStore, now: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.blobs = blobs
        self.now = now
    }

    // MARK: Adding

    /// Gives data the next number of `dataset`; the newest version again when it has the same data.
    ///
    /// - Parameters:
    ///   - manifest: The digest of its record; that and all that it names must be in the blob store.
    ///   - proof: As ``DatasetReference/proofHasher`` has it, where the data is kept: contents have no owner, so that who
    ///     could name those of others would have them.
    /// - Throws: `REG-014` for a project that is not there; `REG-007` for a content that is not; `DAT-002` for a record that
    ///   is none; `DAT-006` when the pieces are not the data that the record says, or the proof is none.
    package func add(
        _ manifest: Digest, proof: Digest?, to dataset: DatasetReference, note: String?, by actor: String
    ) async throws -> (version: DatasetVersion, isNew: Bool) {
        if let note { try checkText(note, what: "note", limit: 2000) }
        let record = try await self.manifest(manifest)
        if let rows = record.rows {
            var shown = dataset.proofHasher
            for content in [record.data, rows] { try await verify(content, of: dataset, &shown) }
            guard shown.finish() == proof else { throw DatasetError.notShown(dataset) }
        }
        let before = try await store.read { try $0.versions(of: dataset).first }
        let known = try await before.asyncMap { try await self.manifest($0.manifest) }
        let shared = Set(known?.data.chunks ?? [])
        let fresh = Set(record.data.chunks).subtracting(shared).reduce(0) { $0 + $1.byteCount }
        return try await store.write { [now] transaction in
            let log = try LedgerWriter(transaction, by: actor, reason: note, at: now())
            try transaction.requireProject(dataset.project)
            let newest = try transaction.versions(of: dataset).first
            if let newest, newest.manifest == manifest { return (newest, false) }
            let version = DatasetVersion(
                dataset: dataset, number: (newest?.number ?? 0) + 1, data: record.data.digest, manifest: manifest,
                byteCount: record.data.byteCount, rowCount: record.rowCount, newByteCount: fresh,
                isKept: record.isKept, note: note, createdAt: log.time, createdBy: actor)
            try transaction.insert(version)
            try log.append(
                "dataset.add", "dataset/\(dataset.project)/\(dataset.name)/\(version.number)",
                before: newest?.data.description, after: version.data.description)
            return (version, true)
        }
    }

    /// Adds the pieces up, and compares.
    private func verify(
        _ content: ChunkedContent, of dataset: DatasetReference, _ proof: inout DigestHasher
    ) async throws {
        var hasher = DigestHasher()
        for chunk in content.chunks {
            // A record may name one piece very often: whoever sent it has gone, and so does this.
            try Task.checkCancellation()
            let bytes = try await blobs.read(chunk.digest, limit: chunk.byteCount)
            guard bytes.count == chunk.byteCount else {
                throw FieldReader.Subject.dataset.damaged("a piece is shorter")
            }
            hasher.update(bytes)
            proof.update(bytes)
        }
        let found = hasher.finish()
        guard found == content.digest else {
            throw DatasetError.differs("What was sent for “\(dataset)”", expected: content.digest, found: found)
        }
    }

    // MARK: Looking up

    /// The newest version of each data set, by name.
    package func datasets(in project: ProjectName) async throws -> [DatasetVersion] {
        try await store.read { transaction in
            try transaction.requireProject(project)
            return try transaction.newestDatasets(in: project)
        }
    }

    /// Newest first.
    ///
    /// - Throws: `DAT-001`.
    package func versions(of dataset: DatasetReference) async throws -> [DatasetVersion] {
        try await store.read { try $0.knownVersions(of: dataset) }
    }

    /// - Throws: `DAT-001`.
    package func version(_ selector: DatasetSelector, of dataset: DatasetReference) async throws -> DatasetVersion {
        let versions = try await versions(of: dataset)
        switch selector {
        case .newest: return versions[0]
        case .number(let number):
            guard let version = versions.first(where: { $0.number == number }) else {
                throw DatasetError.unknownVersion(String(number), of: dataset, newest: versions.first?.number)
            }
            return version
        case .digest(let prefix):
            let found = versions.filter { $0.data.hex.hasPrefix(prefix) }
            guard let newest = found.first else {
                throw DatasetError.unknownVersion(prefix, of: dataset, newest: versions.first?.number)
            }
            guard found.allSatisfy({ $0.data == newest.data }) else {
                throw DatasetError.ambiguousDigest(prefix, of: dataset)
            }
            return newest
        }
    }

    /// Versions, of whatever name, that have this data.
    package func versions(withData digests: [Digest]) async throws -> [DatasetVersion] {
        try await store.read { try $0.versions(withData: digests) }
    }

    /// The data of a version by the words that people name it with, for searches; `nil` when there is no such version.
    package func contents(_ name: String, _ version: String, _ project: ProjectName) async throws -> [Digest]? {
        guard let name = DatasetName(rawValue: name), let selector = try? DatasetSelector(version) else { return nil }
        do {
            return [try await self.version(selector, of: DatasetReference(project: project, name: name)).data]
        } catch is DatasetError {
            return nil
        }
    }

    // MARK: Contents

    /// - Throws: `REG-007`, `DAT-002`.
    package func manifest(_ digest: Digest) async throws -> DatasetManifest {
        try DatasetManifest(manifest: try await blobs.read(digest, limit: DatasetManifest.byteLimit))
    }

    /// The data of a version, piece by piece, each as it was added: its store compares them with their digests.
    ///
    /// - Throws: `DAT-004` when it is not kept.
    package func data(of version: DatasetVersion) async throws -> @Sendable () async throws -> [UInt8]? {
        let manifest = try await manifest(version.manifest)
        guard manifest.isKept else { throw DatasetError.notKept("\(version.dataset)@\(version.number)") }
        return pieces(of: manifest.data)
    }

    /// What ``DatasetManifest/rows`` says, piece by piece.
    ///
    /// - Throws: `DAT-004` when it is not kept.
    package func rowDigests(of version: DatasetVersion) async throws -> @Sendable () async throws -> [UInt8]? {
        guard let rows = try await manifest(version.manifest).rows else {
            throw DatasetError.notKept("\(version.dataset)@\(version.number)")
        }
        return pieces(of: rows)
    }

    private func pieces(of content: ChunkedContent) -> @Sendable () async throws -> [UInt8]? {
        let rest = PieceQueue(content.chunks)
        return { [blobs] in
            guard let chunk = await rest.next() else { return nil }
            return try await blobs.read(chunk.digest, limit: chunk.byteCount)
        }
    }
}

/// The pieces that are still to come.
private actor PieceQueue {
    private var rest: ArraySlice<ChunkedContent.Chunk>

    init(_ chunks: [ChunkedContent.Chunk]) { rest = chunks[...] }

    func next() -> ChunkedContent.Chunk? { rest.popFirst() }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await body(self)
    }
}

extension DatasetReading {
    /// - Throws: `DAT-001` with the closest name.
    fileprivate func knownVersions(of dataset: DatasetReference) throws -> [DatasetVersion] {
        let versions = try versions(of: dataset)
        guard versions.isEmpty else { return versions }
        let names = try newestDatasets(in: dataset.project).map(\.dataset.name.rawValue)
        throw DatasetError.unknown(dataset, closest: closestName(to: dataset.name.rawValue, among: names))
    }
}
