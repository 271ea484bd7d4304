// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
internal import ModelExecution
internal import ModelRegistry
internal import PlatformReplicas

/// Taking an endpoint out of service and back, as the Open Inference Protocol's repository calls do.
///
/// What is deployed at the endpoint does not change, so that a start brings it back; whoever wants it gone removes it.
extension Rollouts {
    /// Loads the version that is wanted at `endpoint` again, has it prove itself, and lets it answer.
    ///
    /// - Throws: `REG-003` for an unknown endpoint; why the version cannot answer. The endpoint is then as it was.
    package func load(_ endpoint: EndpointName, by actor: String) async throws -> EndpointState {
        try await changing(endpoint) { [self] in
            let project = try project(of: endpoint)
            let record = try await registry.endpoint(endpoint, in: project)
            let version = try await registry.version(.number(record.current.version), of: record.current.model)
            return try await prove(version, at: endpoint, on: record.settings.device, reopening: true) { [self] live in
                try await registry.recordLoad(
                    of: endpoint, in: project, proof: live.proof.line, by: actor)
                let loaded = EndpointState(record: record, live: live, after: state(of: endpoint))
                let draining = await switched(endpoint, to: loaded)
                note(.switched, endpoint, version.model, version.number, "loaded by \(actor)")
                return (loaded, draining)
            }
        }.0
    }

    /// Takes `endpoint` out of service, and gives its memory back once the last request is answered.
    ///
    /// - Returns: How what answered there ended; `nil` when nothing did.
    /// - Throws: `REG-003` for an unknown endpoint.
    @discardableResult
    package func unload(_ endpoint: EndpointName, by actor: String) async throws -> DrainedVersion? {
        try await changing(endpoint) { [self] in
            let project = try project(of: endpoint)
            guard let before = state(of: endpoint), before.live != nil || before.problem == nil else {
                return ((), nil)
            }
            if await !replicas.hasOthers() {
                try await registry.recordUnload(of: endpoint, in: project, by: actor)
            } else {
                // It is this server's memory that is asked for: the others go on.
                try await registry.recordDifference(
                    at: endpoint, in: project, version: nil, because: "unloaded by \(actor)", on: replicas.host,
                    by: actor)
            }
            let draining = await switched(
                endpoint,
                to: EndpointState(
                    record: before.record, live: nil, problem: unloaded(endpoint, by: actor), after: before))
            let current = before.record.current
            note(.removed, endpoint, current.model, current.version, "unloaded by \(actor)")
            return ((), draining)
        }.1
    }

    private func unloaded(_ endpoint: EndpointName, by actor: String) -> Explanation {
        Explanation(
            .endpointNotReady, .unavailable, "“\(endpoint)” was unloaded by \(actor).",
            hint: "Load it with POST /v2/repository/models/\(endpoint)/load, or deploy a version.")
    }
}

extension EndpointState {
    /// Whether somebody took it out of service here, and it is to stay so until something is deployed or loaded.
    var isUnloaded: Bool { live == nil && problem?.code == .endpointNotReady }
}
