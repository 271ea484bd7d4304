// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry
package import PlatformReplicas
internal import Synchronization

/// Bringing this server to what was decided through others: what is wanted stands in the registry, what answers here in the
/// table, and nothing else has to travel between them.
extension Rollouts {
    /// Has every endpoint be here what it is in the registry. One that cannot be keeps what it has, and says why.
    ///
    /// - Returns: Whether that could be found out for all.
    package func agree() async -> Bool {
        do {
            for name in differing(from: try await registry.endpoints()) { try await agree(on: name) }
            return true
        } catch {
            // Who cannot be reached is said elsewhere.
            return false
        }
    }

    /// Tries once more what could not be had here and others may have: less and less often.
    package func agreeAfterFailures() async {
        let failing = platform.withLock { platform in
            platform.states.values.filter { $0.problem != nil && !$0.isCold && !$0.isUnloaded }.map(\.record.name)
        }
        let now = ContinuousClock.now
        let due = retries.withLock { retries in
            retries = retries.filter { failing.contains($0.key) }
            return failing.sorted().filter { name in
                guard let retry = retries[name] else {
                    retries[name] = Retry(after: now + .seconds(15), pause: .seconds(30))
                    return false
                }
                guard retry.after <= now else { return false }
                retries[name] = Retry(after: now + retry.pause, pause: min(retry.pause * 2, .seconds(600)))
                return true
            }
        }
        for name in due { try? await agree(on: name, again: true) }
    }

    /// When to try again.
    struct Retry {
        let after: ContinuousClock.Instant
        let pause: Duration
    }

    /// Makes a change of an endpoint, on what was decided last: again, where another server changed it meanwhile.
    func upToDate<Outcome: Sendable>(
        _ endpoint: EndpointName, _ body: @Sendable () async throws -> (Outcome, DrainingVersion?)
    ) async throws -> (Outcome, DrainedVersion?) {
        guard !replicas.isAlone else { return try await changing(endpoint, body) }
        var attempts = 0
        while true {
            try await agree(on: endpoint)
            do {
                return try await changing(endpoint, body)
            } catch RegistryError.endpointChanged where attempts < 3 {
                attempts += 1
            }
        }
    }

    /// By name. Whoever held on to what stands here would keep versions from going.
    private func differing(from wanted: [EndpointRecord]) -> [EndpointName] {
        let names = Set(wanted.map(\.name))
        return platform.withLock { platform in
            let others = wanted.filter { platform.states[$0.name.rawValue]?.agrees(with: $0) != true }.map(\.name)
            let gone = platform.states.values.map(\.record.name).filter { !names.contains($0) }
            return (others + gone).sorted()
        }
    }

    private func agree(on endpoint: EndpointName, again: Bool = false) async throws {
        let draining = try await turnstile.pass { [self] in
            // Again, now that nothing else changes here.
            let record = try await registry.endpoints().first { $0.name == endpoint }
            return try await agree(on: endpoint, record, again: again)
        }
        // The next one need not wait for its last answer.
        if let draining { Task { _ = await drain(draining, of: endpoint) } }
    }

    /// - Parameter record: What is wanted; `nil` for nothing.
    /// - Returns: What stopped answering by it.
    private func agree(
        on endpoint: EndpointName, _ record: EndpointRecord?, again: Bool
    ) async throws -> DrainingVersion? {
        let before = state(of: endpoint)
        guard let record else {
            guard let current = before?.record.current else { return nil }
            note(.removed, endpoint, current.model, current.version, "removed through another server")
            return await switched(endpoint, to: nil)
        }
        guard before?.agrees(with: record) != true || again && before?.problem != nil else { return nil }
        guard let before else {
            let isLazy = record.settings.load == .lazy
            let state = isLazy ? EndpointState(record: record, live: nil, isCold: true) : try await restored(record)
            if state.problem != nil { await recordDifference(state) }
            return await switched(endpoint, to: state)
        }
        if before.isCold, record.settings.load == .lazy {
            return await switched(endpoint, to: EndpointState(record: record, live: nil, isCold: true, after: before))
        }
        if before.isUnloaded ? before.record.current == record.current : before.answers(record.current),
            before.record.settings.device == record.settings.device
        {
            _ = await adopt(record, nil)
            note(.configured, endpoint, record.current.model, record.current.version, record.settings.line)
            return nil
        }
        return await switched(endpoint, to: try await following(record, after: before))
    }

    /// The state of an endpoint at which something was deployed through another server.
    private func following(_ record: EndpointRecord, after before: EndpointState) async throws -> EndpointState {
        let current = record.current
        do {
            let version = try await registry.version(.number(current.version), of: current.model)
            let live = try await prove(
                version, at: record.name, on: record.settings.device, installing: true
            ) { $0 }
            note(.switched, record.name, current.model, current.version, "generation \(current.generation) answers")
            return EndpointState(record: record, live: live, after: before)
        } catch {
            let problem = explain(error)
            // Nothing is known of the version then.
            if problem.code == .storeUnavailable { throw error }
            let state = EndpointState(record: record, live: before.live, problem: problem, after: before)
            // Told once, however often it is tried.
            guard before.problem?.message != problem.message || before.record.current != current else { return state }
            let answering = before.live.map { "version \($0.version.number)" } ?? "nothing"
            note(
                .fellBack, record.name, current.model, current.version,
                "\(answering) answers instead of version \(current.version): \(problem.message)")
            await recordDifference(state)
            return state
        }
    }

    /// Has the ledger say that this server answers with something else than what is wanted.
    func recordDifference(_ state: EndpointState) async {
        // The endpoint may be gone by now.
        try? await registry.recordDifference(
            at: state.record.name, in: state.record.project, version: state.live?.version,
            because: state.problem?.message ?? "", on: replicas.host, by: Self.actor)
    }
}

extension ObservedEndpoint {
    /// What stands at an endpoint here.
    package init(_ state: EndpointState) {
        let isReady = state.live != nil && state.problem == nil
        self.init(
            project: state.record.project, endpoint: state.record.name, generation: state.record.current.generation,
            state: isReady ? .ready : state.isCold && state.problem == nil ? .cold : .failing,
            answering: state.live.map { "\($0.version.model) version \($0.version.number)" },
            problem: state.problem?.message)
    }
}

extension EndpointState {
    /// Whether there is nothing to do about what is wanted. Where that could not be had there is nothing either.
    fileprivate func agrees(with wanted: EndpointRecord) -> Bool {
        record == wanted && (isCold || problem != nil || answers(wanted.current))
    }

    fileprivate func answers(_ deployment: Deployment) -> Bool {
        live?.version.model == deployment.model && live?.version.number == deployment.version && problem == nil
    }
}
