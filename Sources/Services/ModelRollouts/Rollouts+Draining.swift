// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Synchronization

/// A version that was replaced, and how it ended.
package struct DrainedVersion: Sendable, Equatable {
    package let version: Int
    /// Predictions that it took while it was live.
    package let accepted: Int
    /// Those of them that were answered, failures included; all of them, unless the time was up.
    package let answered: Int
    /// From the switch to the last answer, or to the limit.
    package let duration: Duration
    /// Whether it is gone and the system has its memory back.
    package let isMemoryReturned: Bool
    /// Whether its engine stays, because others have the same model file.
    package let isEngineShared: Bool

    package var summary: String {
        let count = "accepted \(accepted), answered \(answered)"
        guard isMemoryReturned else {
            return "\(count), not drained after \(duration.milliseconds) ms: its memory stays until the last call ends"
        }
        let memory = isEngineShared ? "others use its model file, which stays in memory" : "memory given back"
        return "\(count), drained in \(duration.milliseconds) ms, \(memory)"
    }
}

extension Duration {
    package var milliseconds: Int { Int(self / .milliseconds(1)) }
}

/// A version that no new request sees. Holds nothing of it but its counts, so that its memory is free with the last
/// answer.
///
/// `@unchecked Sendable`: the references are written once, here, and the runtime clears them atomically.
final class DrainingVersion: @unchecked Sendable {
    let model: ModelReference
    let version: Int
    private let counts: VersionCounts
    private weak var live: LiveVersion?
    private weak var engine: (any InferenceEngine)?

    init(_ live: LiveVersion) {
        self.live = live
        model = live.version.model
        version = live.version.number
        counts = live.counts
        engine = live.engine
    }

    /// Waits for the last answer, and for the version to be let go; no longer than `limit`.
    func end(within limit: Duration) async -> DrainedVersion {
        let clock = ContinuousClock()
        let start = clock.now
        // Most are idle after a moment; others run for as long as a heavy call does.
        while !isOver, clock.now - start < limit {
            try? await Task.sleep(for: clock.now - start < .milliseconds(50) ? .milliseconds(1) : .milliseconds(20))
        }
        return DrainedVersion(
            version: version, accepted: counts.accepted, answered: counts.answered, duration: clock.now - start,
            isMemoryReturned: live == nil, isEngineShared: live == nil && engine != nil)
    }

    /// Waits for a version that was not let go in time, for as long as its call may take.
    func letGo() async {
        while live != nil { try? await Task.sleep(for: .seconds(1)) }
    }

    private var isOver: Bool { live == nil && counts.answered == counts.accepted }
}

extension Rollouts {
    /// Has `state` stand for `endpoint`, or nothing any more: the only way in which a version stops answering, but for
    /// eviction.
    ///
    /// - Returns: What stopped answering with it, and has to be drained.
    func switched(_ endpoint: EndpointName, to state: EndpointState?) async -> DrainingVersion? {
        let before = platform.withLock { platform in
            platform.isComplete = true
            defer { platform.states[endpoint.rawValue] = state }
            return platform.states[endpoint.rawValue]
        }
        await publish()
        before?.awakening.settle(of: endpoint, as: state)
        guard let live = before?.live, live !== state?.live else { return nil }
        return DrainingVersion(live)
    }

    /// Makes a change in its turn; then, after the turn was handed on, waits for what stopped answering by it.
    func changing<Outcome: Sendable>(
        _ endpoint: EndpointName, _ body: @Sendable () async throws -> (Outcome, DrainingVersion?)
    ) async throws -> (Outcome, DrainedVersion?) {
        let (outcome, draining) = try await turnstile.pass(body)
        return (outcome, await drain(draining, of: endpoint))
    }

    /// Waits for what stopped answering at an endpoint.
    func drain(_ draining: DrainingVersion?, of endpoint: EndpointName) async -> DrainedVersion? {
        guard let draining else { return nil }
        let drained = await draining.end(within: drainLimit)
        await returnMemory()
        note(.drained, endpoint, draining.model, draining.version, drained.summary)
        if !drained.isMemoryReturned {
            Task {
                await draining.letGo()
                await returnMemory()
            }
        }
        return drained
    }
}

extension Awakening {
    /// Whoever waits goes on with what was made of the endpoint meanwhile; where it is cold again, they go on waiting.
    fileprivate func settle(of endpoint: EndpointName, as state: EndpointState?) {
        guard let state else {
            return settle(.failure(.endpointUnknown(endpoint.rawValue, closest: nil)))
        }
        guard !state.isCold else { return }
        settle(state.live == nil ? .failure(.notReady(endpoint, because: state.problem)) : .success(state))
    }
}
