// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
package import ModelExecution
package import ModelRegistry
internal import Synchronization
package import Tensors

/// Decides which version answers where: loads it aside, has it prove itself, remembers the decision, and switches.
///
/// Changes pass one at a time. A version that cannot be loaded or does not prove itself changes nothing.
package final class Rollouts: Sendable {
    let registry: ModelRegistry
    private let loader: ModelLoader
    let service: InferenceService
    private let limits: CodecLimits
    private let report: @Sendable (RolloutEvent) -> Void
    /// How long a change waits for the last answer of the version that it replaced.
    let drainLimit: Duration
    private let giveBackMemory: @Sendable () -> Void
    let turnstile = Turnstile()
    /// Loading takes what live traffic leaves of the processors: beside threads that want all of a core, a tenth of it.
    private let loading = OwnThread(named: "loading", niceness: 10)
    /// For what blocks, and has the priority of everything else: it holds locks that predictions may wait for.
    private let upkeep = OwnThread(named: "upkeep")
    private let states = Mutex<[EndpointName: EndpointState]>([:])

    /// - Parameter giveBackMemory: Has the system take back what the process no longer uses. Blocks; called after a
    ///   version was let go.
    package init(
        registry: ModelRegistry, loader: ModelLoader, service: InferenceService, limits: CodecLimits,
        drainLimit: Duration = .seconds(30), giveBackMemory: @escaping @Sendable () -> Void = {},
        report: @escaping @Sendable (RolloutEvent) -> Void
    ) {
        self.registry = registry
        self.loader = loader
        self.service = service
        self.limits = limits
        self.drainLimit = drainLimit
        self.giveBackMemory = giveBackMemory
        self.report = report
    }

    /// Brings back every endpoint after a start. When this returns each has a verdict: the wanted version, the last one
    /// that still proves itself, or none; one bad model never takes the others down.
    package func restore() async throws {
        try await turnstile.pass { [self] in
            let records = try await registry.endpoints()
            for record in records {
                set(EndpointState(record: record, live: nil))
            }
            await publish(isComplete: records.isEmpty)
            for (index, record) in records.enumerated() {
                set(try await restored(record))
                await publish(isComplete: index == records.count - 1)
            }
        }
    }

    /// Registers a bundle whose contents are in the blob store.
    ///
    /// - Throws: `REG-007` naming the first content that is not there, `PRJ-009` for a manifest that is none.
    package func register(
        model: ModelReference, manifest bundle: Digest, provenance: Digest, by actor: String
    ) async throws -> ModelVersion {
        let manifest = try await loader.manifest(of: bundle)
        try await loader.requireContents(of: manifest, provenance: provenance)
        return try await registry.register(
            model, manifest: bundle, provenance: provenance, origin: manifest.proof?.origin, by: actor)
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
        let (outcome, drained) = try await changing(endpoint) { [self] in
            // A setting that cannot be read must not be found out after the model has changed.
            _ = try EndpointSettings(settings)
            let version = try await registry.version(VersionSelector(selector), of: model)
            let before = state(of: endpoint)
            if let before, let live = before.live, before.problem == nil, live.version.model == model,
                live.version.number == version.number
            {
                let state = try await configured(before, settings, resetting: false, by: actor, reason: reason)
                return (
                    DeploymentOutcome(
                        state: state, deployment: before.record.current, replaced: version.number,
                        unchanged: state.record == before.record), nil
                )
            }
            try requireFreeName(endpoint, in: model.project, taken: before)
            let live = try await prove(version, at: endpoint, instead: before, installing: true)
            let deployment = try await registry.recordDeployment(
                to: endpoint, in: model.project, model: model, version: version.number, settings: settings,
                by: actor, reason: reason)
            return try await answer(at: endpoint, with: live, deployment: deployment, instead: before)
        }
        return outcome.with(drained)
    }

    /// Has `endpoint` answer again with what it answered with before.
    ///
    /// - Throws: `REG-006` when there is nothing before.
    package func rollBack(
        _ endpoint: EndpointName, by actor: String, reason: String?
    ) async throws -> DeploymentOutcome {
        let (outcome, drained) = try await changing(endpoint) { [self] in
            let project = try project(of: endpoint)
            let current = try await registry.endpoint(endpoint, in: project).current
            let past = try await registry.deployments(of: endpoint, in: project)
            guard let target = past.first(where: { $0.generation == current.base }) else {
                throw RegistryError.nothingToRollBack(endpoint)
            }
            let version = try await registry.version(.number(target.version), of: target.model)
            let live = try await prove(version, at: endpoint)
            let deployment = try await registry.recordRollback(of: endpoint, in: project, by: actor, reason: reason)
            return try await answer(at: endpoint, with: live, deployment: deployment, instead: state(of: endpoint))
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
        _ = try await changing(endpoint) { [self] in
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
    /// Loads a version on the loading queue, and reports what came of it.
    ///
    /// - Parameters:
    ///   - before: Whose callers it must be able to answer.
    ///   - installing: Whether to get what the version needs and the machine lacks.
    func prove(
        _ version: ModelVersion, at endpoint: EndpointName, instead before: EndpointState? = nil,
        installing: Bool = false
    ) async throws -> LiveVersion {
        do {
            guard let bundle = version.bundle else {
                throw Refusal(
                    .versionNotReady, .conflict,
                    "Version \(version.number) of “\(version.model)” has no bundle yet.",
                    hint: "Pack and register one.")
            }
            let fetched = try await loader.fetch(bundle)
            let limits = limits
            let live = try await aside { [loader] in
                let model = try loader.load(fetched, installing: installing)
                return try LiveVersion(
                    version: version, signature: fetched.manifest.signature, engine: model.engine, proof: model.verdict,
                    cost: RunCost(measuring: model), limits: limits, exampleRow: model.firstRow)
            }
            note(.proven, endpoint, version.model, version.number, live.proof.line)
            try requireSameSignature(live, as: before, at: endpoint)
            return live
        } catch {
            let explanation = explain(error)
            note(
                .refused, endpoint, version.model, version.number, explanation.message,
                details: explanation.details.map(\.value))
            await returnMemory()
            throw error
        }
    }

    /// An endpoint's name is its address, so it is unique over all projects.
    private func requireFreeName(
        _ endpoint: EndpointName, in project: ProjectName, taken before: EndpointState?
    ) throws {
        guard let owner = before?.record.project, owner != project else { return }
        throw Refusal(
            .badName, .conflict, "The endpoint “\(endpoint)” belongs to the project “\(owner)”.",
            hint: "Choose another name with --endpoint.")
    }

    /// Callers wrote their requests for what answers now; a version that they cannot feed needs an endpoint of its own.
    private func requireSameSignature(
        _ live: LiveVersion, as before: EndpointState?, at endpoint: EndpointName
    ) throws {
        guard let difference = before?.live?.signature.difference(from: live.signature) else { return }
        throw Refusal(
            .signatureChanged, .conflict,
            "Callers of “\(endpoint)” cannot be answered by version \(live.version.number): \(difference).",
            hint: "Deploy it to another endpoint with --endpoint NAME.")
    }

    func answer(
        at endpoint: EndpointName, with live: LiveVersion, deployment: Deployment, instead before: EndpointState?
    ) async throws -> (DeploymentOutcome, DrainingVersion?) {
        let record = try await registry.endpoint(endpoint, in: live.version.model.project)
        let state = EndpointState(record: record, live: live, after: before)
        let draining = await switched(endpoint, to: state)
        note(
            .switched, endpoint, live.version.model, live.version.number,
            "generation \(deployment.generation) answers")
        let outcome = DeploymentOutcome(
            state: state, deployment: deployment, replaced: before?.live?.version.number, unchanged: false)
        return (outcome, draining)
    }

    /// The state of an endpoint after a start.
    private func restored(_ record: EndpointRecord) async throws -> EndpointState {
        let history = try await registry.deployments(of: record.name, in: record.project)
        var problem: Explanation?
        var candidate: Deployment? = record.current
        while let deployment = candidate {
            do {
                let version = try await registry.version(.number(deployment.version), of: deployment.model)
                let live = try await prove(version, at: record.name)
                if let problem {
                    note(
                        .fellBack, record.name, version.model, version.number,
                        "answers instead of version \(record.current.version): \(problem.message)")
                }
                return EndpointState(record: record, live: live, problem: problem)
            } catch {
                problem = problem ?? explain(error)
                candidate = history.first { $0.generation == deployment.base }
            }
        }
        return EndpointState(record: record, live: nil, problem: problem)
    }

    private func explain(_ error: any Error) -> Explanation {
        (error as? any ExplainedError)?.explanation
            ?? Explanation(.bug, .bug, "The version could not be loaded.", hint: "Look into `slipway logs`.")
    }

    /// - Throws: `REG-003` with the closest name for an unknown endpoint.
    func project(of endpoint: EndpointName) throws -> ProjectName {
        try service.table.endpoint(endpoint.rawValue).record.project
    }

    func state(of endpoint: EndpointName) -> EndpointState? { states.withLock { $0[endpoint] } }

    func set(_ state: EndpointState) { _ = exchange(state.record.name, for: state) }

    /// - Returns: What stood there before.
    func exchange(_ endpoint: EndpointName, for state: EndpointState?) -> EndpointState? {
        states.withLock { states in
            defer { states[endpoint] = state }
            return states[endpoint]
        }
    }

    func publish(isComplete: Bool) async {
        let states = states.withLock(\.self)
        await service.publish(
            ServingTable(
                endpoints: Dictionary(uniqueKeysWithValues: states.map { ($0.key.rawValue, $0.value) }),
                isComplete: isComplete))
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

    func note(
        _ kind: RolloutEvent.Kind, _ endpoint: EndpointName, _ model: ModelReference, _ version: Int,
        _ summary: String, details: [String] = []
    ) {
        report(
            RolloutEvent(
                kind: kind, endpoint: endpoint, model: model, version: version, summary: summary, details: details))
    }
}
