// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
internal import ModelRegistry

/// How endpoints treat their callers: beside what is deployed there, and independent of it.
extension Rollouts {
    /// Changes settings of an endpoint while it answers; what waits there stays.
    ///
    /// - Parameter resetting: Whether those that are not given become the standard ones.
    package func configure(
        _ endpoint: EndpointName, _ settings: [EndpointSettings.Key: String], resetting: Bool, by actor: String,
        reason: String?
    ) async throws -> EndpointState {
        try await turnstile.pass { [self] in
            let state = try service.table.endpoint(endpoint.rawValue)
            return try await configured(state, settings, resetting: resetting, by: actor, reason: reason)
        }
    }

    /// The same without waiting for other changes, for those that have their turn.
    func configured(
        _ before: EndpointState, _ settings: [EndpointSettings.Key: String], resetting: Bool, by actor: String,
        reason: String?
    ) async throws -> EndpointState {
        guard resetting || !settings.isEmpty else { return before }
        let (name, current) = (before.record.name, before.record.current)
        let record = try await registry.recordSettings(
            settings, of: name, in: before.record.project, resetting: resetting, by: actor, reason: reason)
        guard record.settings != before.record.settings else { return before }
        let state = EndpointState(record: record, live: before.live, problem: before.problem, after: before)
        set(state)
        await publish(isComplete: service.table.isComplete)
        note(.configured, name, current.model, current.version, record.settings.line)
        return state
    }
}
