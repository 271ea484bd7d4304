// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
internal import Synchronization
internal import Tensors

/// What bundle and provenance of a version say of where it comes from.
package struct VersionFacts: Sendable {
    package struct DataFile: Sendable, Hashable {
        package let path: String
        package let digest: Digest
    }

    package var commit: String?
    package var isDirty = false
    package var patch: Digest?
    /// What examples and baseline were made from.
    package var data: [DataFile] = []
    /// The model's file in its project.
    package var source: String?
    package var packedAt: String?
    package var packedBy: String?
    package var tool: String?
    package var engine: String?
    package var proof: String?
    package var isProven = false
    /// The lock of a worker's environment.
    package var environment: Digest?
    /// `growth/churn-text@3`: registered versions that a graph has copies of.
    package var components: [String] = []

    package init() {}
}

/// Reads them, each once: what a digest names never changes.
package final class VersionFactsReader: Sendable {
    private let blobs: any BlobStore
    private let known = Mutex<[Key: VersionFacts]>([:])

    private struct Key: Hashable {
        let bundle: Digest
        let provenance: Digest?
    }

    /// So many are kept; then it starts anew.
    private static let limit = 20_000

    package init(blobs: any BlobStore) { self.blobs = blobs }

    /// - Returns: `nil` for a version without a bundle.
    /// - Throws: `REG-007`, `PRJ-009` for contents that are not there or damaged.
    package func facts(of version: ModelVersion) async throws -> VersionFacts? {
        guard let bundle = version.bundle else { return nil }
        let key = Key(bundle: bundle, provenance: version.provenance)
        if let facts = known.withLock({ $0[key] }) { return facts }
        var facts = VersionFacts()
        let manifest = try BundleManifest(manifest: await blobs.read(bundle, limit: 16 << 20))
        facts.environment = manifest.file("environment.json")?.digest
        if manifest.engine == EngineName.graph, let file = manifest.file(manifest.model) {
            facts.components = components(in: try JSONValue.parse(await blobs.read(file.digest, limit: 64 << 20)))
        }
        if let provenance = version.provenance {
            facts.take(try JSONValue.parse(await blobs.read(provenance, limit: 16 << 20)))
        }
        known.withLock { [facts] known in
            if known.count >= Self.limit { known = [:] }
            known[key] = facts
        }
        return facts
    }
}

private func components(in graph: JSONValue) -> [String] {
    (graph["steps"]?.elements ?? []).compactMap { $0["model"]?["version"]?.string }
}

extension VersionFacts {
    fileprivate mutating func take(_ provenance: JSONValue) {
        let git = provenance["git"]
        commit = git?["commit"]?.string
        isDirty = git?["dirty"]?.bool ?? false
        patch = git?["patch"]?["sha256"]?.string.flatMap { Digest($0) }
        data = (provenance["data"]?.elements ?? []).compactMap { file in
            guard let path = file["path"]?.string, let digest = file["sha256"]?.string.flatMap({ Digest($0) }) else {
                return nil
            }
            return DataFile(path: path, digest: digest)
        }
        source = provenance["source"]?.string
        packedAt = provenance["packed_at"]?.string
        packedBy = provenance["packed_by"]?.string
        tool = provenance["tool"]?.string
        engine = provenance["engine"].flatMap { engine in
            engine["name"]?.string.map { "\($0) \(engine["version"]?.string ?? "")" }
        }
        proof = provenance["proof"]?["summary"]?.string
        isProven = provenance["proof"]?["proven"]?.bool ?? false
    }
}
