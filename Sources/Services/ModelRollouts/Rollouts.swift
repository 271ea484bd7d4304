// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
package import ModelExecution
package import ModelRegistry
package import PlatformReplicas
internal import Synchronization
package import Tensors

/// Decides which version answers where: loads it aside, has it prove itself, remembers the decision, and switches.
///
/// Changes pass one at a time. A version that cannot be loaded or does not prove itself changes nothing.
package final class Rollouts: Sendable {
    let registry: ModelRegistry
    let loader: ModelLoader
    let service: InferenceService
    let limits: CodecLimits
    /// Who else may change what answers here.
    let replicas: Replicas
    private let report: @Sendable (RolloutEvent) -> Void
    /// How long a change waits for the last answer of the version that it replaced.
    let drainLimit: Duration
    private let giveBackMemory: @Sendable () -> Void
    let turnstile = Turnstile()
    /// What is known of graphs, which are brought up to date one at a time and beside everything else.
    let graphs = Mutex<GraphIndex?>(nil)
    /// Loading takes what live traffic leaves of the processors: beside threads that want all of a core, a tenth of it.
    let loading = OwnThread(named: "loading", niceness: 10)
    /// For endpoints that somebody waits for. More than one, so that a large model holds up no small one.
    let waking = OwnThread(named: "waking", count: 2, niceness: 10)
    /// As many as there are threads for them: what waits its turn takes no memory.
    let wakeTurns = Turnstile(width: 2)
    /// For what blocks, and has the priority of everything else: it holds locks that predictions may wait for.
    let upkeep = OwnThread(named: "upkeep")
    let platform = Mutex(PlatformState())
    /// What other servers may have and this one has not.
    let retries = Mutex<[EndpointName: Retry]>([:])
    /// Versions that could not be followed to: until the alias moves, they are not tried again.
    let unfollowed = Mutex<[EndpointName: Int]>([:])
    /// One table after the other, so that no older one follows a newer one.
    private let publishing = Turnstile()
    let memoryBudget: MemoryBudget?
    let growth: GrowthMeter
    private let isReturningMemory = Mutex(false)

    /// - Parameters:
    ///   - replicas: The other servers of the platform, where it may have some.
    ///   - memoryBudget: The most bytes that loaded models take together; `nil` for no limit.
    ///   - heapByteCount: Bytes of the heap that are in use, of the whole process. Blocks for a moment.
    ///   - giveBackMemory: Has the system take back what the process no longer uses. Blocks; called after a version was let
    ///     go.
    package init(
        registry: ModelRegistry, loader: ModelLoader, service: InferenceService, limits: CodecLimits,
        replicas: Replicas = .single(), drainLimit: Duration = .seconds(30), memoryBudget: Int? = nil,
        heapByteCount: @escaping @Sendable () -> Int = { 0 }, giveBackMemory: @escaping @Sendable () -> Void = {},
        report: @escaping @Sendable (RolloutEvent) -> Void
    ) {
        self.memoryBudget = memoryBudget.map(MemoryBudget.init(limit:))
        // Counting takes locks of the heap that predictions may wait for, and loading threads step back behind theirs.
        growth = GrowthMeter { [upkeep] in upkeep.wait(for: heapByteCount) }
        self.registry = registry
        self.loader = loader
        self.service = service
        self.limits = limits
        self.replicas = replicas
        self.drainLimit = drainLimit
        self.giveBackMemory = giveBackMemory
        self.report = report
        service.loadsColdEndpoints { [weak self] state in
            guard let self else { return state.awakening.settle(.failure(.notReady(state.record.name, because: nil))) }
            wake(state)
        }
    }

    /// Brings back every endpoint after a start. When this returns each that is loaded eagerly has a verdict: the wanted
    /// version, the last one that still proves itself, or none; one bad model never takes the others down. The others are
    /// loaded when they are asked for.
    package func restore() async throws {
        try await turnstile.pass { [self] in
            let records = try await registry.endpoints()
            for record in records {
                set(EndpointState(record: record, live: nil, isCold: record.settings.load == .lazy))
            }
            let eager = records.filter { $0.settings.load == .eager }
            platform.withLock { $0.isComplete = eager.isEmpty }
            await publish()
            let clock = ContinuousClock()
            var published = clock.now
            for (index, record) in eager.enumerated() {
                set(try await restored(record))
                let isLast = index == eager.count - 1
                // Every table names all endpoints: one for each of a thousand would be a million.
                guard isLast || clock.now - published > .milliseconds(20) else { continue }
                platform.withLock { $0.isComplete = isLast }
                await publish()
                published = clock.now
            }
        }
    }

    /// Has the ledger say what came back after a start, where that is not what it says already.
    package func recordStart() async throws {
        try await turnstile.pass { [self] in
            var answering: [AnsweringAtStart] = []
            let hasOthers = await replicas.hasOthers()
            for state in platform.withLock({ Array($0.states.values) }) {
                let record = state.record
                if hasOthers, state.problem != nil {
                    // The others go on with what is wanted.
                    await recordDifference(state)
                    continue
                }
                var version = state.live?.version
                if version == nil, state.isCold {
                    version = try await registry.version(.number(record.current.version), of: record.current.model)
                }
                answering.append(
                    AnsweringAtStart(
                        endpoint: record.name, project: record.project, generation: record.current.generation,
                        version: version,
                        proof: state.live?.proof.line, reason: state.problem?.message ?? "a server has started"))
            }
            try await registry.recordStart(answering, by: Self.actor)
        }
    }

    /// Registers a bundle whose contents are in the blob store.
    ///
    /// - Parameter makingProject: Whether a project that is not there is made with its first model.
    /// - Throws: `REG-007` naming the first content that is not there, `PRJ-009` for a manifest that is none, `REG-014`
    ///   for a project that is not there, unless it is made.
    package func register(
        model: ModelReference, manifest bundle: Digest, provenance: Digest, makingProject: Bool = true,
        by actor: String
    ) async throws -> ModelVersion {
        let manifest = try await manifest(of: bundle, provenance: provenance)
        let version = try await registry.register(
            model, manifest: bundle, provenance: provenance, origin: manifest.proof?.origin,
            makingProject: makingProject,
            by: actor)
        Task { await updateGraphs(after: model, manifest) }
        return version
    }

    /// The manifest of a bundle whose contents are all there.
    ///
    /// - Throws: `REG-007` naming the first that is not.
    package func manifest(of bundle: Digest, provenance: Digest) async throws -> BundleManifest {
        let manifest = try await loader.manifest(of: bundle)
        try await loader.requireContents(of: manifest, provenance: provenance)
        return manifest
    }

    /// Has `endpoint` answer with a version of `model`.
    ///
    /// - Parameters:
    ///   - selector: A number, `@alias`, or the digest of a bundle.
    ///   - settings: Those of the endpoint to change with it; others stay.
    /// - Throws: Why the version cannot answer here; the endpoint is then as it was.
    package func deploy(
        _ model: ModelReference, version selector: String, to endpoint: EndpointName,
        settings: [EndpointSettings.Key: String] = [:], by actor: String, reason: String?
    ) async throws -> DeploymentOutcome {
        let (outcome, drained) = try await upToDate(endpoint) { [self] in
            let before = state(of: endpoint)
            // A setting that cannot be read must not be found out after the model has changed.
            let wanted = try (before?.record.settings ?? .standard).changed(settings)
            let version = try await registry.version(VersionSelector(selector), of: model)
            if let before, let live = before.live, before.problem == nil, live.version.model == model,
                live.version.number == version.number
            {
                let (state, draining) = try await configured(
                    before, settings, resetting: false, by: actor, reason: reason)
                return (
                    DeploymentOutcome(
                        state: state, deployment: before.record.current, replaced: version.number,
                        unchanged: state.record == before.record), draining
                )
            }
            try requireFreeName(endpoint, in: model.project, taken: before)
            let signature = try await signature(of: before)
            return try await prove(version, at: endpoint, on: wanted.device, instead: signature, installing: true) {
                [self] live in
                let deployment = try await registry.recordDeployment(
                    to: endpoint, in: model.project, model: model, version: version.number, settings: settings,
                    proof: live.proof.line, over: replicas.isAlone ? nil : before?.record.current.generation ?? 0,
                    by: actor,
                    reason: reason)
                return try await answer(at: endpoint, with: live, deployment: deployment)
            }
        }
        return outcome.with(drained)
    }

    /// Has `endpoint` answer again with what it answered with before.
    ///
    /// - Throws: `REG-006` when there is nothing before.
    package func rollBack(
        _ endpoint: EndpointName, by actor: String, reason: String?
    ) async throws -> DeploymentOutcome {
        let (outcome, drained) = try await upToDate(endpoint) { [self] in
            let project = try project(of: endpoint)
            let current = try await registry.endpoint(endpoint, in: project).current
            let past = try await registry.deployments(of: endpoint, in: project)
            guard let target = past.first(where: { $0.generation == current.base }) else {
                throw RegistryError.nothingToRollBack(endpoint)
            }
            let version = try await registry.version(.number(target.version), of: target.model)
            let device = state(of: endpoint)?.record.settings.device ?? .cpu
            return try await prove(version, at: endpoint, on: device) { [self] live in
                let deployment = try await registry.recordRollback(
                    of: endpoint, in: project, proof: live.proof.line,
                    over: replicas.isAlone ? nil : current.generation, by: actor,
                    reason: reason)
                return try await answer(at: endpoint, with: live, deployment: deployment)
            }
        }
        return outcome.with(drained)
    }

    /// Keeps every change waiting while `body` hands this server's work over to another process.
    ///
    /// - Parameter body: Whether the other has it now. Then no change is made here any more: those that waited fail with
    ///   `SYS-011`. Otherwise they go on.
    package func handOver(_ body: @escaping @Sendable () async -> Bool) async throws {
        try await turnstile.pass { [turnstile] in
            if await body() { await turnstile.close() }
        }
    }

    /// Takes an endpoint away, and gives its memory back once the last request is answered. Its models and what the
    /// ledger says of it stay.
    package func remove(_ endpoint: EndpointName, by actor: String) async throws {
        _ = try await upToDate(endpoint) { [self] in
            let current = try service.table.endpoint(endpoint.rawValue).record.current
            try await registry.removeEndpoint(endpoint, in: try project(of: endpoint), by: actor)
            let draining = await switched(endpoint, to: nil)
            note(.removed, endpoint, current.model, current.version, "removed by \(actor)")
            return ((), draining)
        }
    }
}

// MARK: Steps

extension Rollouts {
    /// An endpoint's name is its address, so it is unique over all projects.
    private func requireFreeName(
        _ endpoint: EndpointName, in project: ProjectName, taken before: EndpointState?
    ) throws {
        guard let owner = before?.record.project, owner != project else { return }
        throw Refusal(
            .badName, .conflict, "The endpoint “\(endpoint)” belongs to the project “\(owner)”.",
            hint: "Choose another name with --endpoint.")
    }

    /// What callers of an endpoint send and get, whether or not it is in memory.
    private func signature(of state: EndpointState?) async throws -> Signature? {
        guard let state, state.isCold else { return state?.live?.signature }
        let current = state.record.current
        let version = try await registry.version(.number(current.version), of: current.model)
        guard let bundle = version.bundle else { return nil }
        return try await loader.manifest(of: bundle).signature
    }

    func answer(
        at endpoint: EndpointName, with live: LiveVersion, deployment: Deployment
    ) async throws -> (DeploymentOutcome, DrainingVersion?) {
        let record = try await registry.endpoint(endpoint, in: live.version.model.project)
        let before = state(of: endpoint)
        let state = EndpointState(record: record, live: live, after: before)
        let draining = await switched(endpoint, to: state)
        note(
            .switched, endpoint, live.version.model, live.version.number,
            "generation \(deployment.generation) answers")
        let outcome = DeploymentOutcome(
            state: state, deployment: deployment, replaced: draining?.version, unchanged: false)
        return (outcome, draining)
    }

    /// The state of an endpoint after a start.
    func restored(_ record: EndpointRecord) async throws -> EndpointState {
        var history: [Deployment]?
        var problem: Explanation?
        var candidate: Deployment? = record.current
        while let deployment = candidate {
            do {
                let version = try await registry.version(.number(deployment.version), of: deployment.model)
                let live = try await prove(
                    version, at: record.name, on: record.settings.device, installing: !replicas.isAlone
                ) { $0 }
                if let problem {
                    note(
                        .fellBack, record.name, version.model, version.number,
                        "answers instead of version \(record.current.version): \(problem.message)")
                }
                return EndpointState(record: record, live: live, problem: problem)
            } catch {
                problem = problem ?? explain(error)
                let past = try await past(of: record, history)
                history = past
                candidate = past.first { $0.generation == deployment.base }
            }
        }
        return EndpointState(record: record, live: nil, problem: problem)
    }

    /// Asked for only where the wanted version fails: most never do.
    private func past(of record: EndpointRecord, _ known: [Deployment]?) async throws -> [Deployment] {
        if let known { return known }
        return try await registry.deployments(of: record.name, in: record.project)
    }

    func explain(_ error: any Error) -> Explanation {
        (error as? any ExplainedError)?.explanation
            ?? Explanation(.bug, .bug, "The version could not be loaded.", hint: "Look into `slipway logs`.")
    }

    /// - Throws: `REG-003` with the closest name for an unknown endpoint.
    func project(of endpoint: EndpointName) throws -> ProjectName {
        try service.table.endpoint(endpoint.rawValue).record.project
    }

    func state(of endpoint: EndpointName) -> EndpointState? { platform.withLock { $0.states[endpoint.rawValue] } }

    func set(_ state: EndpointState) { platform.withLock { $0.states[state.record.name.rawValue] = state } }

    /// Has every event loop see what stands at the endpoints now.
    func publish() async {
        // Nobody closes this one.
        try? await publishing.pass { [self] in
            let (states, isComplete) = platform.withLock { ($0.states, $0.isComplete) }
            await service.publish(ServingTable(endpoints: states, isComplete: isComplete))
        }
    }

    /// Runs on the loading thread what opens models. It blocks, and starts no threads.
    package func aside<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await loading.perform(resumingOn: upkeep, body)
    }

    /// Has the system take back what the process no longer uses.
    package func returnMemory() async {
        // Off the threads that answer: it walks through all that is allocated.
        try? await upkeep.perform { [giveBackMemory] in giveBackMemory() }
    }

    /// The same a little later, once for all who ask meanwhile: models come and go many times a second.
    func returnMemorySoon() async {
        let isFirst = isReturningMemory.withLock { isReturning in
            defer { isReturning = true }
            return !isReturning
        }
        guard isFirst else { return }
        try? await Task.sleep(for: .seconds(1))
        isReturningMemory.withLock { $0 = false }
        await returnMemory()
    }

    func note(
        _ kind: RolloutEvent.Kind, _ endpoint: EndpointName?, _ model: ModelReference, _ version: Int,
        _ summary: String, details: [String] = []
    ) {
        report(
            RolloutEvent(
                kind: kind, endpoint: endpoint, model: model, version: version, summary: summary, details: details))
    }
}
