// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
package import ModelDomain
package import ModelExecution
package import ModelRegistry
package import PlatformReplicas
internal import Synchronization

/// Backups that are being made of a platform that goes on to work.
///
/// The registry is written down first, in one consistent state, and the contents that it names are copied after: they
/// never change, and until the backup is closed nothing clears them away.
package final class PlatformBackups: Sendable {
    private let records: any PlatformRecords
    private let blobs: any BlobStore
    private let registry: ModelRegistry
    private let holds: any ContentHolds
    private let replicas: Replicas
    private let scratch: @Sendable () throws -> any PassingContent
    private let backups = Mutex<[String: OpenBackup]>([:])

    /// How long a backup may take; a copy that was given up is forgotten then.
    package static let patience = Lifetime(seconds: 86_400)
    /// Each keeps a copy of the registry on disk, which whoever copies fetches first.
    private static let mostAtOnce = 4

    package init(
        records: any PlatformRecords, blobs: any BlobStore, registry: ModelRegistry, holds: any ContentHolds,
        replicas: Replicas, scratch: @escaping @Sendable () throws -> any PassingContent
    ) {
        self.records = records
        self.blobs = blobs
        self.registry = registry
        self.holds = holds
        self.replicas = replicas
        self.scratch = scratch
    }

    /// Writes the registry down and finds what has to be copied beside it.
    ///
    /// - Parameter id: Of the caller's making.
    package func open(_ id: String, by actor: String, tool: String) async throws -> OpenBackup {
        // Nobody clears away between what the rows name and what is held of it.
        let backup = try await replicas.alone(.clearing, waiting: .seconds(600)) { [self] in
            try await make(id, tool: tool)
        }
        backups.withLock { backups in
            backups = backups.filter { $0.value.openUntil > registry.time }
            // Copies that were given up end nobody's work. What the oldest still copies is held all the same.
            if backups.count >= Self.mostAtOnce, let oldest = backups.values.min(by: { $0.openUntil < $1.openUntil }) {
                backups[oldest.id] = nil
            }
            backups[id] = backup
        }
        try await registry.record(
            "platform.backup", "platform",
            after: "\(backup.manifest.records.digest), \(backup.manifest.contentCount) contents", by: actor)
        return backup
    }

    private func make(_ id: String, tool: String) async throws -> OpenBackup {
        let file = try scratch()
        let time = registry.time
        let sink = HashingSink(file)
        let snapshot = try await records.dump(into: sink)
        let (digest, byteCount) = sink.finish()
        let marking = try await ContentMarking(from: snapshot.references, in: blobs)
        let until = PlatformBackups.patience.map(time.after) ?? time
        // Before it is seen what is there: whoever clears away from now on leaves it there.
        try await holds.hold(marking.marked, as: holder(id), until: until)
        var contents: [(digest: Digest, byteCount: Int)] = []
        var missing = marking.problems.map { "\($0.holder ?? "a row"): \($0.reason)" }
        for content in marking.marked.sorted() {
            if let byteCount = try await blobs.byteCount(of: content) {
                contents.append((content, byteCount))
            } else if marking.required.contains(content), !marking.problems.contains(where: { $0.digest == content }) {
                missing.append("The content \(content.short) is needed and not here.")
            }
        }
        let list = ContentList.bytes(of: contents.map(\.digest))
        return OpenBackup(
            id: id, openUntil: until,
            manifest: BackupManifest(
                madeAt: time.text, tool: tool, snapshot: snapshot,
                records: .init(
                    name: BackupManifest.partName("registry", digest, "jsonl"), digest: digest, byteCount: byteCount),
                contents: .init(
                    name: BackupManifest.partName("contents", Digest(of: list), "sha256"), digest: Digest(of: list),
                    byteCount: list.count),
                contentCount: contents.count, contentBytes: contents.reduce(0) { $0 + $1.byteCount }, missing: missing),
            contents: contents, records: file)
    }

    /// - Throws: `BAK-003`.
    package func backup(_ id: String) throws -> OpenBackup {
        guard let backup = backups.withLock({ $0[id] }) else {
            throw Refusal(
                .backupUnknown, .notFound, "There is no backup “\(id.prefix(40))” being made.",
                hint: "Begin it again: the server was started anew, or more than a day has passed.")
        }
        return backup
    }

    /// Harmless when it is closed already.
    package func close(_ id: String) async throws {
        backups.withLock { _ = $0.removeValue(forKey: id) }
        try await holds.release(holder(id))
    }

    /// Whoever closes a backup names no more than backups.
    private func holder(_ id: String) -> String { "backup \(id)" }
}

/// A backup that is being made: what is written down of the registry, and what has to be copied beside it.
package struct OpenBackup: Sendable {
    package let id: String
    package let openUntil: Timestamp
    package let manifest: BackupManifest
    /// In order.
    package let contents: [(digest: Digest, byteCount: Int)]
    package let records: any PassingContent
}

/// Bytes on disk that are gone with whoever holds them, however that ends.
package protocol PassingContent: RecordSink {
    /// From the beginning; several may read at once, once nobody writes any more.
    func pieces() -> @Sendable () async throws -> [UInt8]?
}

/// Writes on, and remembers digest and length.
private final class HashingSink: RecordSink {
    private let file: any PassingContent
    private let state = Mutex<(hasher: DigestHasher, byteCount: Int)>((DigestHasher(), 0))

    init(_ file: any PassingContent) { self.file = file }

    func restart() throws {
        try file.restart()
        state.withLock { $0 = (DigestHasher(), 0) }
    }

    func write(_ bytes: [UInt8]) throws {
        try file.write(bytes)
        state.withLock { state in
            state.hasher.update(bytes)
            state.byteCount += bytes.count
        }
    }

    func finish() -> (Digest, Int) { state.withLock { ($0.hasher.finish(), $0.byteCount) } }
}
