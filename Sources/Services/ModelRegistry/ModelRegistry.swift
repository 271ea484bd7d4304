// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Models, their versions and aliases, what is deployed where, and the ledger of every change.
///
/// A change and its ledger entry are one transaction: there is never one without the other. What asks for no change
/// (the same content again, an alias that points there already) leaves no entry.
package struct ModelRegistry: Sendable {
    let store: any RegistryStore
    private let now: @Sendable () -> Timestamp

    package init(store: any RegistryStore, now: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.now = now
    }

    package var time: Timestamp { now() }

    // MARK: Models and versions

    /// Gives a bundle the next number of `model`. The newest version again, if it has this bundle already.
    ///
    /// - Parameters:
    ///   - manifest: The bundle's digest; its contents must be in the blob store.
    ///   - status: Whether it may answer.
    ///   - makingProject: Whether a project that is not there is made with its first model.
    /// - Throws: `REG-014` for a project that is not there, unless it is made.
    package func register(
        _ model: ModelReference, manifest: Digest, provenance: Digest, origin: ExampleOrigin?,
        status: ModelVersion.Status = .ready, makingProject: Bool = true, by actor: String
    ) async throws -> ModelVersion {
        try await change(by: actor) { transaction, log in
            if makingProject {
                try makeProject(model.project, transaction, log)
            } else {
                try transaction.requireProject(model.project)
            }
            let newest = try transaction.versions(of: model).first
            if let newest, newest.bundle == manifest { return newest }
            let version = ModelVersion(
                model: model, number: try transaction.lastNumber(of: model) + 1, bundle: manifest,
                provenance: provenance,
                status: status, origin: origin, createdAt: log.time, createdBy: actor)
            try transaction.insert(version)
            try log.append(
                "model.register", versionPath(model, version.number), after: manifest.description,
                evidence: provenance.evidence)
            return version
        }
    }

    /// By name.
    package func models() async throws -> [ModelReference] { try await store.read { try $0.models() } }

    /// Newest first.
    ///
    /// - Throws: `REG-001` for an unknown model.
    package func versions(of model: ModelReference) async throws -> [ModelVersion] {
        try await store.read { try $0.knownVersions(of: model) }
    }

    /// - Throws: `REG-001`, `REG-002` or `REG-004` for what is not there, with the closest name.
    package func version(_ selector: VersionSelector, of model: ModelReference) async throws -> ModelVersion {
        try await store.read { try $0.knownVersion(selector, of: model) }
    }

    // MARK: Aliases

    /// - Throws: `REG-001` for an unknown model.
    package func aliases(of model: ModelReference) async throws -> [AliasName: Int] {
        try await store.read { store in
            _ = try store.knownVersions(of: model)
            return try store.aliases(of: model)
        }
    }

    /// Points `alias` at a version.
    package func setAlias(
        _ alias: AliasName, of model: ModelReference, to selector: VersionSelector, by actor: String
    ) async throws {
        try await change(by: actor) { transaction, log in
            let version = try transaction.knownVersion(selector, of: model)
            let before = try transaction.aliases(of: model)[alias]
            guard before != version.number else { return }
            try transaction.setAlias(alias, of: model, to: version.number)
            try log.append(
                "alias.set", aliasPath(model, alias), before: before.map(String.init), after: String(version.number),
                evidence: version.evidence)
        }
    }

    /// - Throws: `REG-004` when `model` has no such alias.
    package func removeAlias(_ alias: AliasName, of model: ModelReference, by actor: String) async throws {
        try await change(by: actor) { transaction, log in
            let version = try transaction.knownVersion(.alias(alias), of: model)
            try transaction.setAlias(alias, of: model, to: nil)
            try log.append("alias.remove", aliasPath(model, alias), before: String(version.number))
        }
    }

    /// Runs `body` in one transaction, with a ledger that writes in the same one.
    func change<Result: Sendable>(
        by actor: String, reason: String? = nil,
        _ body: @escaping @Sendable (any RegistryWriting, LedgerWriter) throws -> Result
    ) async throws -> Result {
        try await store.write { [now] transaction in
            // The time is taken where no other writer is, so that the ledger's times are in its order.
            try body(transaction, LedgerWriter(transaction, by: actor, reason: reason, at: now()))
        }
    }
}

func versionPath(_ model: ModelReference, _ number: Int) -> String { "model/\(model.project)/\(model.name)/\(number)" }

func aliasPath(_ model: ModelReference, _ alias: AliasName) -> String {
    "alias/\(model.project)/\(model.name)/\(alias)"
}

extension Digest {
    /// Of a document that says where a version comes from.
    fileprivate var evidence: String { "provenance=\(self)" }
}

extension ModelVersion {
    /// What it is made of and where that comes from, by digests; `nil` for a version without a bundle.
    var evidence: String? {
        guard let bundle else { return nil }
        return "bundle=\(bundle)" + (provenance.map { " \($0.evidence)" } ?? "")
    }
}
