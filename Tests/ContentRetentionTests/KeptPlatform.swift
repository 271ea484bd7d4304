// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import ContentRetention
import ExperimentTracking
import ModelDomain
import ModelExecution
import ModelRegistry
import PlatformReplicas
import StoreSQL
import Synchronization
import TestSupport

/// The stores of a platform with a clock that the test moves.
struct KeptPlatform {
    let clock = Clock()
    let blobs: BlobFiles
    let registry: ModelRegistry
    let registrations: ModelRegistrations
    let tracking: ProjectTracking
    let keeper: ContentKeeper
    let database: SQLiteDatabase

    final class Clock: Sendable {
        private let mutex = Mutex<Int64>(1_700_000_000_000_000)
        var now: Timestamp { Timestamp(microseconds: mutex.withLock(\.self)) }
        func advance(days: Double) { mutex.withLock { $0 += Int64(days * 86_400_000_000) } }
    }

    init(in folder: String, policy: RetentionPolicy = RetentionPolicy(ledger: Lifetime("10d"))) async throws {
        let clock = clock
        let now: @Sendable () -> Timestamp = { clock.now }
        blobs = try BlobFiles(folder: "\(folder)/contents", now: now)
        database = try await SQLiteDatabase.open(at: "\(folder)/registry", time: clock.now)
        registry = ModelRegistry(store: SQLRegistryStore(database: database), now: now)
        registrations = ModelRegistrations(store: SQLRegistrationStore(database: database), now: now)
        tracking = try await ExperimentTracking(store: SQLTrackingStore(database: database), now: now).in(.standard)
        keeper = ContentKeeper(
            rows: SQLRetentionStore(database: database), shelf: blobs, registry: registry, replicas: .single(),
            policy: policy)
    }

    func put(_ text: String) async throws -> Digest { try await put(Array(text.utf8)) }

    func put(_ bytes: [UInt8]) async throws -> Digest {
        try await blobs.keep(
            AsyncThrowingStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            }
        ).digest
    }

    /// Logs a file in a run.
    func log(_ text: String, as name: String, in run: RunID) async throws -> Digest {
        let content = try await put(text)
        try await tracking.setArtifact(
            .files(of: tracking.runInfo(run)).appending(name), content: content, byteCount: text.utf8.count)
        return content
    }

    /// Registers a bundle with these files; the next version of churn.
    func register(_ files: [String]) async throws -> (version: ModelVersion, contents: Set<Digest>) {
        var contents: Set<Digest> = []
        var listed: [BundleFile] = []
        for (index, text) in files.enumerated() {
            let digest = try await put(text)
            contents.insert(digest)
            listed.append(try BundleFile(path: "file-\(index)", digest: digest, byteCount: text.utf8.count))
        }
        let manifest = BundleManifest(
            engine: "forest", model: "file-0", task: nil, signature: Signature(inputs: [], outputs: []), proof: nil,
            baseline: nil, files: listed)
        let bundle = try await put(manifest.canonicalBytes)
        let provenance = try await put("{\"files\":\(files.count)}")
        let version = try await registry.register(
            churn, manifest: bundle, provenance: provenance, origin: .original, by: "alice")
        return (version, contents.union([bundle, provenance]))
    }

    /// What is in the store, without asking for it, which would bring it back.
    func present() async throws -> Set<Digest> { Set(try await blobs.contents().map(\.digest)) }
    func trashed() async throws -> Set<Digest> { Set(try await blobs.trash().map(\.digest)) }
}

let churn = ModelReference(name: name("churn"))

func name<Name: GivenName>(_ text: String) -> Name {
    guard let name = Name(rawValue: text) else { preconditionFailure("“\(text)” is no name") }
    return name
}
