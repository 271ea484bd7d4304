// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry
internal import PlatformReplicas
internal import Synchronization

/// Bringing in cold endpoints, for the first who asks: beside every other change, on threads of their own, so that such a
/// request waits for the model that it is for.
extension Rollouts {
    /// Loads what is wanted at a cold endpoint and has it prove itself; then whoever waits there goes on.
    func wake(_ asked: EndpointState) {
        Task { [self] in
            do {
                try await wakeTurns.pass { [self] in await bringIn(asked) }
            } catch {
                asked.awakening.fail(explain(error), at: asked.record.name)
            }
        }
    }

    private func bringIn(_ asked: EndpointState) async {
        let (name, awakening) = (asked.record.name, asked.awakening)
        // Again, where something else has changed the endpoint meanwhile.
        while awakening.isWanted() {
            guard let state = state(of: name), state.awakening === awakening else {
                return awakening.settle(.failure(.endpointUnknown(name.rawValue, closest: nil)))
            }
            guard state.isCold else {
                return awakening.settle(
                    state.live == nil ? .failure(.notReady(name, because: state.problem)) : .success(state))
            }
            do {
                guard let loaded = try await loadCold(state) else { continue }
                return awakening.settle(.success(loaded))
            } catch {
                let explanation = explain(error)
                let isTold = replace(state) { now in
                    EndpointState(record: now.record, live: nil, problem: explanation, isCold: true, after: now)
                }
                guard isTold != nil else { continue }
                await publish()
                return awakening.fail(explanation, at: name)
            }
        }
    }

    /// - Returns: The endpoint as it answers now; `nil` when it was changed while the model was loaded.
    private func loadCold(_ state: EndpointState) async throws -> EndpointState? {
        let record = state.record
        let version = try await registry.version(.number(record.current.version), of: record.current.model)
        return try await prove(
            version, at: record.name, on: record.settings.device, in: waking, installing: !replicas.isAlone
        ) { [self] live in
            let loaded = replace(state) { EndpointState(record: $0.record, live: live, after: $0) }
            await publish()
            return loaded
        }
    }

    /// Puts another state in the place of a cold one, unless something was deployed or set there meanwhile that matters.
    ///
    /// - Returns: `nil` when something was.
    private func replace(_ state: EndpointState, by other: (EndpointState) -> EndpointState) -> EndpointState? {
        platform.withLock { platform in
            let name = state.record.name.rawValue
            guard let now = platform.states[name], now.isCold, now.awakening === state.awakening,
                now.record.current == state.record.current,
                now.record.settings.device == state.record.settings.device
            else { return nil }
            let replacement = other(now)
            platform.states[name] = replacement
            return replacement
        }
    }
}
