// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What is deployed where, and the way back.
extension ModelRegistry {
    /// By name.
    package func endpoints() async throws -> [EndpointRecord] { try await store.read { try $0.endpoints() } }

    /// - Throws: `REG-003` for an unknown endpoint, with the closest name.
    package func endpoint(
        _ name: EndpointName, in project: ProjectName = .standard
    ) async throws -> EndpointRecord {
        try await store.read { try $0.knownEndpoint(name, in: project) }
    }

    /// Newest first.
    ///
    /// - Throws: `REG-003` for an unknown endpoint, with the closest name.
    package func deployments(
        of name: EndpointName, in project: ProjectName = .standard
    ) async throws -> [Deployment] {
        try await store.read { store in
            _ = try store.knownEndpoint(name, in: project)
            return try store.deployments(of: name, in: project)
        }
    }

    /// Wants a version at an endpoint, which is made with its first deployment.
    ///
    /// - Parameters:
    ///   - settings: Those to change; others stay.
    ///   - proof: What the version's replay found.
    ///   - known: The generation that the caller has seen there, 0 for none; `nil` for one that changes whatever there is.
    /// - Returns: The new deployment, or the present one when it wants this version already: then its generation is the
    ///   one from before.
    /// - Throws: `REG-001` or `REG-002` when there is no such version; `IN-006` for a setting that cannot be read;
    ///   `REG-017` when the endpoint is not as the caller has seen it.
    package func recordDeployment(
        to name: EndpointName, in project: ProjectName = .standard, model: ModelReference, version number: Int,
        settings: [EndpointSettings.Key: String] = [:], proof: String? = nil, over known: Int? = nil,
        by actor: String, reason: String?
    ) async throws -> Deployment {
        try await change(by: actor, reason: reason) { transaction, log in
            let version = try transaction.knownVersion(.number(number), of: model)
            let current = try transaction.endpoint(name, in: project)?.current
            try require(current?.generation, at: name, toBe: known, transaction)
            if let current, current.model == model, current.version == number {
                try write(settings, of: name, in: project, transaction, log)
                return current
            }
            let deployment = Deployment(
                generation: (current?.generation ?? 0) + 1, model: model, version: version.number, restores: nil,
                base: current?.effective, createdAt: log.time, createdBy: actor)
            try transaction.insert(deployment, to: name, in: project)
            try log.append(
                "endpoint.deploy", endpointPath(name, project), before: current.map(versionPath),
                after: versionPath(deployment), evidence: version.evidence(proof: proof))
            try write(settings, of: name, in: project, transaction, log)
            return deployment
        }
    }

    /// Changes settings of an endpoint; those that are not given stay, or become the standard ones when `resetting`.
    ///
    /// - Returns: The endpoint as it is then. Where that is as before, nothing is written.
    /// - Throws: `REG-003` for an unknown endpoint; `IN-006` for a setting that cannot be read.
    package func recordSettings(
        _ settings: [EndpointSettings.Key: String], of name: EndpointName, in project: ProjectName = .standard,
        resetting: Bool = false, by actor: String, reason: String?
    ) async throws -> EndpointRecord {
        try await change(by: actor, reason: reason) { transaction, log in
            try write(settings, of: name, in: project, resetting: resetting, transaction, log)
            return try transaction.knownEndpoint(name, in: project)
        }
    }

    /// Wants what was there before, as a new deployment. Doing so again walks further back.
    ///
    /// - Parameters:
    ///   - proof: What the replay of that version found.
    ///   - known: The generation that the caller has seen there; `nil` for one that goes back from whatever there is.
    /// - Throws: `REG-003` for an unknown endpoint; `REG-006` when there is nothing to go back to; `REG-017` when the
    ///   endpoint is not as the caller has seen it.
    package func recordRollback(
        of name: EndpointName, in project: ProjectName = .standard, proof: String? = nil, over known: Int? = nil,
        by actor: String, reason: String?
    ) async throws -> Deployment {
        try await change(by: actor, reason: reason) { transaction, log in
            let current = try transaction.knownEndpoint(name, in: project).current
            try require(current.generation, at: name, toBe: known, transaction)
            let past = try transaction.deployments(of: name, in: project)
            guard let base = current.base, let target = past.first(where: { $0.generation == base }) else {
                throw RegistryError.nothingToRollBack(name)
            }
            let deployment = Deployment(
                generation: current.generation + 1, model: target.model, version: target.version,
                restores: target.generation, base: target.base, createdAt: log.time, createdBy: actor)
            try transaction.insert(deployment, to: name, in: project)
            try log.append(
                "endpoint.rollback", endpointPath(name, project), before: versionPath(current),
                after: versionPath(deployment),
                evidence: try transaction.version(target.version, of: target.model)?.evidence(proof: proof))
            return deployment
        }
    }

    /// Writes into the ledger that an endpoint was taken out of service. What is deployed there does not change.
    ///
    /// - Throws: `REG-003` for an unknown endpoint.
    package func recordUnload(
        of name: EndpointName, in project: ProjectName = .standard, by actor: String
    ) async throws {
        try await change(by: actor) { transaction, log in
            let current = try transaction.knownEndpoint(name, in: project).current
            try log.append("endpoint.unload", endpointPath(name, project), before: versionPath(current))
        }
    }

    /// Writes into the ledger that what is deployed at an endpoint was loaded again.
    ///
    /// - Parameter proof: What the version's replay found.
    /// - Throws: `REG-003` for an unknown endpoint.
    package func recordLoad(
        of name: EndpointName, in project: ProjectName = .standard, proof: String? = nil, by actor: String
    ) async throws {
        try await change(by: actor) { transaction, log in
            let current = try transaction.knownEndpoint(name, in: project).current
            try log.append(
                "endpoint.load", endpointPath(name, project), after: versionPath(current),
                evidence: try transaction.version(current.version, of: current.model)?.evidence(proof: proof))
        }
    }

    /// Writes into the ledger what answers after a start, wherever that is not what the ledger says: an endpoint that had
    /// been unloaded is back, or a version did not prove itself and the one before answers instead of it, or nothing.
    package func recordStart(_ answering: [AnsweringAtStart], by actor: String) async throws {
        let time = time
        let different = try await store.read { store in
            try answering.filter { try store.answering(at: $0.endpoint, in: $0.project, until: time) != $0.path }
        }
        guard !different.isEmpty else { return }
        try await change(by: actor) { transaction, log in
            for one in different {
                let before = try transaction.answering(at: one.endpoint, in: one.project, until: log.time)
                let wanted = try transaction.endpoint(one.endpoint, in: one.project)?.current
                guard before != one.path, wanted?.generation == one.generation else { continue }
                try log.append(
                    "endpoint.start", endpointPath(one.endpoint, one.project), before: before, after: one.path,
                    because: one.reason, evidence: one.version?.evidence(proof: one.proof))
            }
        }
    }

    /// Writes down that one of several servers answers with something else than what is wanted.
    ///
    /// - Parameters:
    ///   - version: What answers there; `nil` for nothing.
    ///   - host: The machine of that server.
    package func recordDifference(
        at name: EndpointName, in project: ProjectName = .standard, version: ModelVersion?, because reason: String,
        on host: String, by actor: String
    ) async throws {
        try await change(by: actor) { transaction, log in
            let wanted = try transaction.knownEndpoint(name, in: project).current
            try log.append(
                "endpoint.differ", endpointPath(name, project), before: versionPath(wanted),
                after: version.map { versionPath($0.model, $0.number) }, because: "on \(host): \(reason)",
                evidence: version?.evidence)
        }
    }

    /// Forgets an endpoint and its deployments; the ledger keeps them.
    ///
    /// - Throws: `REG-003` for an unknown endpoint.
    package func removeEndpoint(
        _ name: EndpointName, in project: ProjectName = .standard, by actor: String, reason: String? = nil
    ) async throws {
        try await change(by: actor, reason: reason) { transaction, log in
            let current = try transaction.knownEndpoint(name, in: project).current
            try transaction.removeEndpoint(name, in: project)
            try log.append("endpoint.remove", endpointPath(name, project), before: versionPath(current))
        }
    }
}

/// - Throws: `REG-017` for another generation than the caller has seen, or a name that another project has by now.
private func require(
    _ generation: Int?, at name: EndpointName, toBe known: Int?, _ transaction: any RegistryReading
) throws {
    guard let known else { return }
    let isNew = try known == 0 && !transaction.endpoints().contains { $0.name == name }
    guard isNew || generation == known else { throw RegistryError.endpointChanged(name) }
}

func endpointPath(_ name: EndpointName, _ project: ProjectName) -> String { "endpoint/\(project)/\(name)" }

private func versionPath(_ deployment: Deployment) -> String { versionPath(deployment.model, deployment.version) }

/// What answers at an endpoint once a server has started.
package struct AnsweringAtStart: Sendable {
    package let endpoint: EndpointName
    package let project: ProjectName
    /// Of the deployment that was wanted; where there is another by now, that one has its own entry.
    package let generation: Int
    /// `nil` for nothing.
    package let version: ModelVersion?
    package let proof: String?
    /// Why it is not what was wanted.
    package let reason: String?

    package init(
        endpoint: EndpointName, project: ProjectName, generation: Int, version: ModelVersion?, proof: String?,
        reason: String?
    ) {
        self.endpoint = endpoint
        self.project = project
        self.generation = generation
        self.version = version
        self.proof = proof
        self.reason = reason
    }

    fileprivate var path: String? { version.map { versionPath($0.model, $0.number) } }
}

extension ModelVersion {
    /// Its digests, and what its replay found.
    fileprivate func evidence(proof: String?) -> String? {
        let parts = [evidence, proof.map { "replay=\($0)" }].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }
}

private func write(
    _ settings: [EndpointSettings.Key: String], of name: EndpointName, in project: ProjectName,
    resetting: Bool = false, _ transaction: any RegistryWriting, _ log: LedgerWriter
) throws {
    let before = try transaction.knownEndpoint(name, in: project).settings
    let after = try (resetting ? .standard : before).changed(settings)
    guard after != before else { return }
    try transaction.setSettings(after, of: name, in: project)
    try log.append("endpoint.set", endpointPath(name, project), before: before.line, after: after.line)
}
