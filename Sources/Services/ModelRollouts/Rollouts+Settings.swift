// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
internal import ModelRegistry
internal import Synchronization

/// How endpoints treat their callers: beside what is deployed there, and independent of it.
extension Rollouts {
    /// Changes settings of an endpoint while it answers; what waits there stays.
    ///
    /// - Parameter resetting: Whether those that are not given become the standard ones.
    package func configure(
        _ endpoint: EndpointName, _ settings: [EndpointSettings.Key: String], resetting: Bool, by actor: String,
        reason: String?
    ) async throws -> EndpointState {
        try await upToDate(endpoint) { [self] in
            let state = try service.table.endpoint(endpoint.rawValue)
            return try await configured(state, settings, resetting: resetting, by: actor, reason: reason)
        }.0
    }

    /// The same without waiting for other changes, for those that have their turn.
    ///
    /// What has to be loaded for it, on another device or to be there from now on, proves itself first: when it does not,
    /// nothing is changed.
    func configured(
        _ before: EndpointState, _ settings: [EndpointSettings.Key: String], resetting: Bool, by actor: String,
        reason: String?
    ) async throws -> (EndpointState, DrainingVersion?) {
        guard resetting || !settings.isEmpty else { return (before, nil) }
        let (name, current) = (before.record.name, before.record.current)
        let wanted = try (resetting ? .standard : before.record.settings).changed(settings)
        guard wanted != before.record.settings else { return (before, nil) }
        let record = { @Sendable [registry] in
            try await registry.recordSettings(
                settings, of: name, in: before.record.project, resetting: resetting, by: actor, reason: reason)
        }
        let change = { @Sendable [self] (record: EndpointRecord, live: LiveVersion?) async in
            let (state, draining) = await adopt(record, live)
            note(.configured, name, current.model, current.version, record.settings.line)
            return (state, draining)
        }
        let isElsewhere = wanted.device != before.record.settings.device
        guard before.isCold ? isElsewhere || wanted.load == .eager : isElsewhere && before.live != nil else {
            return await change(try await record(), nil)
        }
        let version =
            if let live = before.live { live.version } else {
                try await registry.version(.number(current.version), of: current.model)
            }
        return try await prove(version, at: name, on: wanted.device) { live in await change(try await record(), live) }
    }

    /// Has an endpoint stand under another record.
    ///
    /// - Parameter live: What answers there from now on; `nil` for what does.
    func adopt(_ record: EndpointRecord, _ live: LiveVersion?) async -> (EndpointState, DrainingVersion?) {
        let (before, state) = platform.withLock { platform in
            let name = record.name.rawValue
            let before = platform.states[name]
            let state = EndpointState(
                record: record, live: live ?? before?.live,
                // Of one that was cold it said why it did not come in.
                problem: live != nil && before?.isCold ?? false ? nil : before?.problem,
                isCold: before?.isCold ?? false, after: before)
            platform.states[name] = state
            return (before, state)
        }
        await publish()
        guard let live else { return (state, nil) }
        state.awakening.settle(.success(state))
        return (state, before?.live.flatMap { $0 === live ? nil : DrainingVersion($0) })
    }
}
