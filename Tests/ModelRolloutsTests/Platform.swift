// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import Foundation
import InferenceServing
import ModelDomain
import ModelExecution
import ModelPackaging
import ModelRegistry
import ModelRollouts
import PlatformReplicas
import ProjectFiles
import StoreSQL
import Synchronization
import Tensors
import TestSupport
import Testing

/// Rollouts on a real store and real blobs, with an engine whose answers can be changed under way.
struct Platform {
    let rollouts: Rollouts
    let service: InferenceService
    let registry: ModelRegistry
    let blobs: BlobFiles
    let database: SQLiteDatabase
    /// What the engine adds to its answers: other than 0, the recorded ones are not met.
    let error: Mutex<Float>.Shared
    /// Whether calls of the row `[77, …]` stay in the engine.
    let isHeld: Mutex<Bool>.Shared
    let events: Mutex<[String]>.Shared
    /// What was done in the order in which it was, with the nice value of the thread that did it.
    let priorities: Mutex<[String]>.Shared
    /// Opening a model takes as many bytes of it as its file has; none is given back.
    let heap: Mutex<Int>.Shared
    /// The models that were opened, by what is in their files.
    let opened: Mutex<[String]>.Shared
    /// Models whose file begins with this are not opened for as long as they stand here.
    let stuck: Mutex<Set<String>>.Shared
    /// How many models somebody has begun to open.
    let begun: Mutex<Int>.Shared

    /// - Parameters:
    ///   - drainLimit: Short, because many tests hold on to what they replace; ``patience`` for those that do not.
    ///   - other: Another server of the same platform.
    ///   - name: This one's among them; `nil` for the only one.
    init(
        in folder: String, memoryBudget: Int? = nil, drainLimit: Duration = .milliseconds(200),
        beside other: Platform? = nil, as name: String? = nil
    ) async throws {
        blobs = try other?.blobs ?? BlobFiles(folder: folder + "/contents")
        if let other {
            database = other.database
        } else {
            database = try await SQLiteDatabase.open(at: folder + "/registry", time: Timestamp(microseconds: 1))
        }
        let replicas =
            if let name {
                Replicas(
                    Replica(id: name, host: name, place: name, processID: 1, version: "1", schema: 7),
                    store: SQLReplicaStore(database: database), startedAt: Timestamp(microseconds: 1), observe: { [] })
            } else { Replicas.single() }
        registry = ModelRegistry(
            store: SQLRegistryStore(database: FencedDatabase(database)), now: { Timestamp(microseconds: 1) })
        service = InferenceService(laneThreads: 1, queueLimit: 10)
        let isHeld = Mutex<Bool>.Shared(false)
        self.isHeld = isHeld
        let error = Mutex<Float>.Shared(0)
        let events = Mutex<[String]>.Shared([])
        self.error = error
        self.events = events
        let priorities = Mutex<[String]>.Shared([])
        self.priorities = priorities
        let (heap, opened, stuck) = (
            Mutex<Int>.Shared(0), Mutex<[String]>.Shared([]), Mutex<Set<String>>.Shared([])
        )
        (self.heap, self.opened, self.stuck) = (heap, opened, stuck)
        let begun = Mutex<Int>.Shared(0)
        self.begun = begun
        rollouts = Rollouts(
            registry: registry,
            loader: ModelLoader(
                runtime: { _ throws(EngineError) in
                    return MeteredRuntime(heap: heap, opened: opened, stuck: stuck, begun: begun) {
                        priorities.note("run")
                        while $0 == 77, isHeld.value { usleep(1000) }
                        return $0 + 10 * $1 + error.value
                    }
                }, blobs: blobs),
            service: service, limits: .standard, replicas: replicas, drainLimit: drainLimit,
            memoryBudget: memoryBudget,
            heapByteCount: { heap.value },
            giveBackMemory: {
                priorities.note("memory")
                events.change { $0.append("memory") }
            },
            report: { event in events.change { $0.append("\(event.kind) \(event.version)") } })
    }

    /// Packs a version whose weights are `weights`, uploads and registers it.
    func register(
        _ weights: String, model: String = "m", columns: String = "a,b,score", rows: String = "1,2,21\n"
    ) async throws -> ModelVersion {
        let bundle = try Packager(
            folder: MemoryFolder([
                "model.onnx": weights, "examples.csv": "\(columns)\n\(rows)",
                "slipway.yaml": "{model: {name: \(model)}, proof: {examples: {data: examples.csv}}}",
            ]), runtimes: { _ in FakeRuntime() }, syntax: YAMLSyntax(),
            stamp: PackingStamp(time: Timestamp(microseconds: 0), actor: "ada", tool: "test"),
            preparer: { throw noPreparer }
        ).pack()
        try await put(bundle.manifestBytes)
        try await put(bundle.provenanceBytes)
        for (_, content) in bundle.contents {
            switch content {
            case .bytes(let bytes): try await put(bytes)
            case .file, .elsewhere: try await put(Array(weights.utf8))
            }
        }
        return try await rollouts.register(
            model: bundle.model, manifest: bundle.digest, provenance: Digest(of: bundle.provenanceBytes), by: "ada")
    }

    private func put(_ bytes: [UInt8]) async throws {
        try await blobs.put(
            Digest(of: bytes),
            AsyncThrowingStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            })
    }

    func deploy(
        _ version: Int, of model: String = "m", to endpoint: String = "e",
        settings: [EndpointSettings.Key: String] = [:]
    ) async throws -> DeploymentOutcome {
        try await rollouts.deploy(
            ModelReference(name: ModelName(model)), version: "\(version)", to: EndpointName(endpoint),
            settings: settings, by: "ada", reason: nil)
    }

    /// Deploys a model of `byteCount` bytes to an endpoint of the same name, which has no deadline unless `settings` says so.
    func deploy(model name: String, byteCount: Int, settings: [EndpointSettings.Key: String] = [:]) async throws {
        let weights = name + String(repeating: ".", count: byteCount - name.utf8.count)
        let version = try await register(weights, model: name)
        _ = try await deploy(
            version.number, of: name, to: name, settings: settings.merging([.deadline: "none"]) { own, _ in own })
    }

    func state(_ endpoint: String = "e") throws -> EndpointState { try service.table.endpoint(endpoint) }

    /// Waits for a cold endpoint as an interface does.
    func awaken(
        _ endpoint: String = "e", deadline: Duration? = nil, began: @Sendable (PendingAnswer) -> Void = { _ in }
    ) async throws -> Result<AwakenedEndpoint, ServingError> {
        let state = try state(endpoint)
        let terms = RequestTerms(deadline: deadline.map { Moment.now.after(Int($0 / .nanoseconds(1))) })
        return try await withCheckedThrowingContinuation { continuation in
            do {
                began(try service.awaken(state, terms: terms) { continuation.resume(returning: $0) })
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Runs one row on what came out of waiting.
    func predict(_ endpoint: AwakenedEndpoint, _ first: Float = 1) throws -> Float {
        let call = InferenceCall(
            inputs: [Tensor(.float32, shape: [1, 2], elements: [first, 2] as [Float])], rowCount: 1,
            live: try endpoint.state.ready(), endpoint: endpoint.state, terms: endpoint.terms)
        return try #require(service.answerNow(call)).get()[0].elements(as: Float.self)[0]
    }

    /// Asks the lane, where nothing is waited for.
    func ask(_ first: Float, answered: @escaping @Sendable () -> Void = {}) throws {
        let state = try #require(service.table.endpoints["e"])
        let call = InferenceCall(
            inputs: [Tensor(.float32, shape: [1, 2], elements: [first, 2] as [Float])], rowCount: 1,
            live: try state.ready(), endpoint: state, terms: RequestTerms())
        _ = try service.answerLater(call) { _ in answered() }
    }

    func live(_ endpoint: String = "e") -> Int? { service.table.endpoints[endpoint]?.live?.version.number }
}

extension Mutex {
    /// A mutex that closures can share.
    final class Shared: Sendable where Value: Sendable {
        private let mutex: Mutex<Value>
        init(_ value: Value) { mutex = Mutex(value) }
        var value: Value { mutex.withLock { $0 } }
        func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
    }
}

extension Mutex<[String]>.Shared {
    func note(_ what: String) {
        let niceness = getpriority(numericCast(PRIO_PROCESS.rawValue), 0)
        change { if $0.last != "\(what) at \(niceness)" { $0.append("\(what) at \(niceness)") } }
    }
}

/// Opens ``FakeEngine``s, and says what it did.
private struct MeteredRuntime: EngineRuntime {
    let identity = EngineIdentity(name: "fake", version: "1", build: "test")
    let heap: Mutex<Int>.Shared
    let opened: Mutex<[String]>.Shared
    let stuck: Mutex<Set<String>>.Shared
    let begun: Mutex<Int>.Shared
    let score: @Sendable (Float, Float) -> Float

    func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        guard let weights = try? String(contentsOfFile: file.path, encoding: .utf8) else {
            throw .modelRefused(reason: "it cannot be read")
        }
        begun.change { $0 += 1 }
        while stuck.value.contains(where: weights.hasPrefix) { usleep(1000) }
        heap.change { $0 += weights.utf8.count }
        opened.change { $0.append(weights.prefix { $0 != "." }.description) }
        return FakeEngine(score: score)
    }
}

/// Longer than any machine takes for an answer.
let patience: Duration = .seconds(300)

func withPlatform(
    memoryBudget: Int? = nil, drainLimit: Duration = .milliseconds(200),
    _ body: (Platform, String) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        try await body(Platform(in: folder, memoryBudget: memoryBudget, drainLimit: drainLimit), folder)
    }
}
