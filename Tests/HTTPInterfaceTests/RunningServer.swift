// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ContentSearch
import DataVersions
import ExperimentTracking
import HTTPInterface
import InferenceServing
import Logging
import ModelDomain
import ModelExecution
import ModelRegistry
import ModelRollouts
import NIOCore
import ServiceLifecycle
import Tensors
import WireTypes

extension HTTPServer: Service {}

/// A server on a port of its own, with models that are Swift functions, gone when the closure returns or throws.
struct RunningServer: Sendable {
    let port: Int
    let inference: InferenceService
    let blobs: MemoryBlobs
    let authority: TokenAuthority
    let administratorToken: String
    let group: ServiceGroup

    static func with(
        _ endpoints: [EndpointState] = [doubling()], isComplete: Bool = true, laneThreads: Int = 1,
        queueLimit: Int = 16, deployFolder: (@Sendable (String, EndpointName) async throws -> Void)? = nil,
        settings adjust: (inout HTTPServerSettings) -> Void = { _ in },
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let inference = InferenceService(laneThreads: laneThreads, queueLimit: queueLimit)
        await inference.publish(
            ServingTable(
                endpoints: Dictionary(uniqueKeysWithValues: endpoints.map { ($0.record.name.rawValue, $0) }),
                isComplete: isComplete))
        let now: @Sendable () -> Timestamp = { Timestamp(microseconds: 1_800_000_000_000_000) }
        let blobs = MemoryBlobs()
        let registry = ModelRegistry(store: MemoryRegistry(), now: now)
        let rollouts = Rollouts(
            registry: registry, loader: ModelLoader(runtime: { _ in DoublingRuntime() }, blobs: blobs),
            service: inference,
            limits: .standard, report: { _ in })
        let authority = try await TokenAuthority(store: MemoryCredentials(), now: now)
        let token = try await authority.makeToken(for: "ada", .admin)
        var settings = HTTPServerSettings(version: "1.2.3")
        // A test whose turn does not come for a while is no slow client, unless it means to be one.
        (settings.idleTimeout, settings.bodyTimeout) = (.hours(1), .hours(1))
        adjust(&settings)
        let registrations = ModelRegistrations(store: AbsentRegistrations(), now: now)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = HTTPServer(
            settings: settings,
            administration: Administration(
                inference: inference, registry: registry, rollouts: rollouts, blobs: blobs,
                parts: AbsentParts(), tracking: ExperimentTracking(store: AbsentTracking(), now: now),
                registrations: registrations,
                datasets: DataVersions(store: AbsentDatasets(), blobs: blobs, now: now),
                contentSearch: ContentSearch(
                    registry: registry, registrations: registrations, tracking: AbsentTracking(), blobs: blobs),
                startedAt: now().text,
                engines: { [EngineV1(name: "doubling", version: "1", build: nil, problem: nil)] },
                residentBytes: { 42 }, logLines: { count in (1...count).map { "line \($0)" } },
                deployFolder: deployFolder),
            authority: authority, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onListening: { continuation.yield($0[0]) })
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else { return }
            let running = RunningServer(
                port: port, inference: inference, blobs: blobs, authority: authority, administratorToken: token,
                group: group)
            do {
                try await body(running)
            } catch {
                tasks.cancelAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// One request on a connection of its own.
    func ask(
        _ method: String, _ path: String, headers: [String] = [], _ body: String = "", token: String? = nil
    ) async throws -> RawAnswer {
        try await ask(method, path, headers: headers, bytes: [UInt8](body.utf8), token: token)
    }

    func ask(
        _ method: String, _ path: String, headers: [String] = [], bytes: [UInt8], token: String? = nil
    ) async throws -> RawAnswer {
        try await RawClient.with(port: port) { client in
            try await client.send([UInt8](head(method, path, headers, bytes.count, token: token).utf8) + bytes)
            return try await client.answer(toHead: method == "HEAD")
        }
    }
}

extension TokenAuthority {
    /// A token that somebody who may everything has made.
    func makeToken(for name: String, _ roles: Role..., scope: Scope = .all) async throws -> String {
        let maker = Principal(
            name: try PrincipalName("max"), tokenID: TokenID(of: Digest(of: "t".utf8)), roles: [.admin], scope: .all)
        let order = TokenOrder(principal: try PrincipalName(name), roles: roles, scope: scope)
        return try await create(order, by: maker).text
    }
}

/// The head of a request to localhost.
func head(_ method: String, _ path: String, _ headers: [String] = [], _ count: Int, token: String? = nil) -> String {
    var lines = ["\(method) \(path) HTTP/1.1"] + headers
    if !headers.contains(where: { $0.hasPrefix("Host:") }) { lines.append("Host: localhost") }
    if count > 0 { lines.append("Content-Length: \(count)") }
    if let token { lines.append("Authorization: Bearer \(token)") }
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
}

/// A whole request.
func request(_ method: String, _ path: String, headers: [String] = [], _ body: String = "") -> String {
    head(method, path, headers, body.utf8.count) + body
}

struct DoublingRuntime: EngineRuntime {
    let identity = EngineIdentity(name: "doubling", version: "1", build: "test")
    func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine { DoublingEngine() }
}

/// An endpoint that answers.
func state(
    _ name: String, _ engine: any InferenceEngine, _ signature: Signature, version: Int = 3, wanted: Int? = nil,
    nanoseconds: Int = 1000, origin: ExampleOrigin = .original, problem: Explanation? = nil
) throws -> EndpointState {
    let model = ModelReference(name: try ModelName(name))
    let live = try LiveVersion(
        version: ModelVersion(
            model: model, number: version, bundle: nil, provenance: nil, status: .ready, origin: origin,
            createdAt: Timestamp(microseconds: 0), createdBy: "ada"),
        signature: signature, engine: engine,
        proof: ProofVerdict(
            origin: origin, tolerance: .standard, replayed: 2, recorded: 2, largestDifference: 0, differingRows: 0,
            differences: []),
        cost: RunCost(oneRowNanoseconds: nanoseconds, furtherRowNanoseconds: 0), limits: .standard)
    return EndpointState(
        record: try record(name, version: wanted ?? version), live: live, problem: problem)
}

/// Without a deadline: while a thousand tests wait for two cores, one comes to open its barrier when its turn comes.
func record(_ name: String, version: Int) throws -> EndpointRecord {
    EndpointRecord(
        project: .standard, name: try EndpointName(name), createdAt: Timestamp(microseconds: 0),
        current: Deployment(
            generation: 1, model: ModelReference(name: try ModelName(name)), version: version, restores: nil,
            base: nil, createdAt: Timestamp(microseconds: 0), createdBy: "ada"),
        settings: try EndpointSettings([.deadline: "none"]))
}

/// The endpoint `doubling`, light enough for the event loop unless told otherwise.
func doubling(nanoseconds: Int = 1000, before: @escaping @Sendable () -> Void = {}) -> EndpointState {
    guard
        let state = try? state(
            "doubling", DoublingEngine(before: before), DoublingEngine.signature, nanoseconds: nanoseconds)
    else { preconditionFailure("the test's own model is sound") }
    return state
}

func echo() throws -> EndpointState { try state("echo", EchoEngine(), EchoEngine.signature) }
