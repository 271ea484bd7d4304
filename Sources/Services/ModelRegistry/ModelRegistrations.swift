// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain

/// Models and versions as clients of MLflow register and describe them. Each change is in the ledger.
package struct ModelRegistrations: Sendable {
    let store: any RegistrationStore
    let now: @Sendable () -> Timestamp

    package init(store: any RegistrationStore, now: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.now = now
    }

    // MARK: Models

    /// - Throws: `TRK-005` when there is such a model.
    package func makeModel(
        _ model: ModelReference, description: String?, tags: [KeyedText], by actor: String
    ) async throws -> RegisteredModel {
        for tag in tags { try checkRegistryTag(tag) }
        try checkDescription(description)
        return try await change(by: actor) { transaction, log in
            guard try transaction.registeredModel(model) == nil else { throw RegistrationError.modelTaken(model) }
            try makeProject(model.project, transaction, log)
            try transaction.insertModel(model, description: description, at: log.time)
            for tag in tags { try transaction.setTag(tag.key, to: tag.value, of: model, at: log.time) }
            try log.append("model.create", modelPath(model))
            return try transaction.known(model)
        }
    }

    /// - Throws: `REG-001`.
    package func model(_ model: ModelReference) async throws -> RegisteredModel {
        try await store.read { try $0.known(model) }
    }

    package func models(in project: ProjectName, _ search: SearchRequest) async throws -> SearchPage<RegisteredModel> {
        page(try await store.read { try $0.registeredModels(in: project, search) }, search)
    }

    /// - Throws: `REG-001`.
    package func setDescription(
        _ text: String?, of model: ModelReference, by actor: String
    ) async throws -> RegisteredModel {
        try checkDescription(text)
        return try await change(by: actor) { transaction, log in
            let before = try transaction.known(model)
            guard before.description != text else { return before }
            try transaction.setDescription(text, of: model, at: log.time)
            try log.append("model.describe", modelPath(model))
            return try transaction.known(model)
        }
    }

    /// - Parameter value: `nil` takes the tag away.
    /// - Throws: `REG-001`; what is wrong with the tag.
    package func setTag(_ key: String, to value: String?, of model: ModelReference, by actor: String) async throws {
        try checkRegistryTag(KeyedText(key, value ?? ""))
        try await change(by: actor) { transaction, log in
            let before = try transaction.known(model).tags.first { $0.key == key }?.value
            guard before != value else { return }
            try transaction.setTag(key, to: value, of: model, at: log.time)
            try log.append(
                "model.tag", "\(modelPath(model))#\(shown(key) ?? key)", before: shown(before), after: shown(value))
        }
    }

    /// - Throws: `REG-001`; `TRK-005` when the new name is taken.
    package func rename(_ model: ModelReference, to name: ModelName, by actor: String) async throws -> RegisteredModel {
        try await change(by: actor) { transaction, log in
            let present = try transaction.known(model)
            let renamed = ModelReference(project: model.project, name: name)
            guard renamed != model else { return present }
            guard try transaction.lastNumber(of: renamed) == 0, try transaction.registeredModel(renamed) == nil else {
                throw RegistrationError.modelTaken(renamed)
            }
            try transaction.rename(model, to: name, at: log.time)
            try log.append("model.rename", modelPath(model), before: modelPath(model), after: modelPath(renamed))
            return try transaction.known(renamed)
        }
    }

    /// - Throws: `REG-001`; `REG-014` while an endpoint needs one of its versions.
    package func remove(_ model: ModelReference, by actor: String) async throws {
        try await change(by: actor) { transaction, log in
            _ = try transaction.known(model)
            if let endpoint = try transaction.endpoints(deploying: model, version: nil).first {
                throw RegistrationError.inUse(model.description, by: endpoint)
            }
            try logAliases(of: model, standingFor: nil, transaction, log)
            try transaction.remove(model, at: log.time)
            try log.append("model.delete", modelPath(model))
        }
    }

    // MARK: Versions

    /// Gives a model its next version, which is made of nothing yet but may be packed later.
    ///
    /// - Throws: `REG-001`.
    package func registerVersion(
        of model: ModelReference, _ registration: Registration, description: String?, tags: [KeyedText],
        by actor: String
    ) async throws -> VersionRecord {
        for tag in tags { try checkRegistryTag(tag) }
        try checkDescription(description)
        return try await change(by: actor) { transaction, log in
            _ = try transaction.known(model)
            let number = try transaction.lastNumber(of: model) + 1
            try transaction.insert(
                ModelVersion(
                    model: model, number: number, bundle: nil, provenance: nil, status: .pending, origin: nil,
                    createdAt: log.time, createdBy: actor))
            try transaction.setRegistration(registration, of: number, model: model)
            try transaction.setDescription(description, of: number, model: model, at: log.time)
            for tag in tags { try transaction.setTag(tag.key, to: tag.value, of: number, model: model, at: log.time) }
            try log.append(
                "model.register", versionPath(model, number), after: shown(registration.source),
                evidence: shown(registration.run).map { "run=\($0)" })
            return try transaction.known(number, of: model)
        }
    }

    /// - Throws: `REG-001`, `REG-002`.
    package func version(_ number: Int, of model: ModelReference) async throws -> VersionRecord {
        try await store.read { try $0.known(number, of: model) }
    }

    /// - Throws: `REG-001`, `REG-004`.
    package func version(_ alias: AliasName, of model: ModelReference) async throws -> VersionRecord {
        try await store.read { store in
            try store.known(store.knownVersion(.alias(alias), of: model).number, of: model)
        }
    }

    /// Newest first.
    ///
    /// - Throws: `REG-001`.
    package func versions(of model: ModelReference) async throws -> [VersionRecord] {
        try await store.read { store in
            _ = try store.known(model)
            return try store.versionRecords(of: model)
        }
    }

    package func versions(in project: ProjectName, _ search: SearchRequest) async throws -> SearchPage<VersionRecord> {
        page(try await store.read { try $0.versionRecords(in: project, search) }, search)
    }

    /// - Throws: `REG-001`, `REG-002`.
    package func setDescription(
        _ text: String?, of number: Int, model: ModelReference, by actor: String
    ) async throws -> VersionRecord {
        try checkDescription(text)
        return try await change(by: actor) { transaction, log in
            let before = try transaction.known(number, of: model)
            guard before.description != text else { return before }
            try transaction.setDescription(text, of: number, model: model, at: log.time)
            try log.append("version.describe", versionPath(model, number))
            return try transaction.known(number, of: model)
        }
    }

    /// - Parameter value: `nil` takes the tag away.
    /// - Throws: `REG-001`, `REG-002`.
    package func setTag(
        _ key: String, to value: String?, of number: Int, model: ModelReference, by actor: String
    ) async throws {
        try checkRegistryTag(KeyedText(key, value ?? ""))
        try await change(by: actor) { transaction, log in
            let before = try transaction.known(number, of: model).tags.first { $0.key == key }?.value
            guard before != value else { return }
            try transaction.setTag(key, to: value, of: number, model: model, at: log.time)
            try log.append(
                "version.tag", "\(versionPath(model, number))#\(shown(key) ?? key)", before: shown(before),
                after: shown(value))
        }
    }

    /// Gives a version that was only registered what it is made of.
    ///
    /// - Throws: `REG-001`, `REG-002`; `REG-011` when it is made of something else already.
    package func attach(
        manifest: Digest, provenance: Digest, origin: ExampleOrigin?, to number: Int, of model: ModelReference,
        by actor: String
    ) async throws -> ModelVersion {
        try await change(by: actor) { transaction, log in
            let before = try transaction.known(number, of: model).version
            if let bundle = before.bundle {
                guard bundle == manifest else { throw RegistrationError.packedAlready(model, number) }
                return before
            }
            try transaction.setBundle(
                manifest, provenance: provenance, origin: origin, of: number, model: model, at: log.time)
            try log.append(
                "version.pack", versionPath(model, number), after: manifest.description,
                evidence: "provenance=\(provenance)")
            return try transaction.known(number, of: model).version
        }
    }

    /// Says which run a version came of, unless that is known.
    ///
    /// - Throws: `REG-001`, `REG-002`.
    package func setRun(
        _ run: String, of number: Int, model: ModelReference, by actor: String
    ) async throws -> VersionRecord {
        try await change(by: actor) { transaction, log in
            let before = try transaction.known(number, of: model)
            guard before.registration.run == nil else { return before }
            var registration = before.registration
            registration.run = run
            try transaction.setRegistration(registration, of: number, model: model)
            try log.append("version.run", versionPath(model, number), after: run)
            return try transaction.known(number, of: model)
        }
    }

    /// - Parameter archivesOthers: Whether others of that stage are archived.
    /// - Throws: `REG-001`, `REG-002`.
    package func setStage(
        _ stage: Stage, of number: Int, model: ModelReference, archivesOthers: Bool, by actor: String
    ) async throws -> VersionRecord {
        try await change(by: actor) { transaction, log in
            let before = try transaction.known(number, of: model)
            if archivesOthers {
                for other in try transaction.versionRecords(of: model)
                where other.stage == stage && other.version.number != number {
                    try transaction.setStage(.archived, of: other.version.number, model: model, at: log.time)
                    try log.append(
                        "version.stage", versionPath(model, other.version.number), before: stage.rawValue,
                        after: Stage.archived.rawValue)
                }
            }
            if before.stage != stage {
                try transaction.setStage(stage, of: number, model: model, at: log.time)
                try log.append(
                    "version.stage", versionPath(model, number), before: before.stage.rawValue, after: stage.rawValue)
            }
            return try transaction.known(number, of: model)
        }
    }

    /// - Throws: `REG-001`, `REG-002`; `REG-014` while an endpoint needs it.
    package func removeVersion(_ number: Int, of model: ModelReference, by actor: String) async throws {
        try await change(by: actor) { transaction, log in
            _ = try transaction.known(number, of: model)
            if let endpoint = try transaction.endpoints(deploying: model, version: number).first {
                throw RegistrationError.inUse("\(model) version \(number)", by: endpoint)
            }
            try logAliases(of: model, standingFor: number, transaction, log)
            try transaction.remove(number, of: model, at: log.time)
            try log.append("version.delete", versionPath(model, number))
        }
    }

    private func change<Result: Sendable>(
        by actor: String, _ body: @escaping @Sendable (any RegistrationWriting, LedgerWriter) throws -> Result
    ) async throws -> Result {
        try await store.write { [now] transaction in
            try body(transaction, LedgerWriter(transaction, by: actor, at: now()))
        }
    }
}

extension RegistrationReading {
    fileprivate func known(_ model: ModelReference) throws -> RegisteredModel {
        if let found = try registeredModel(model) { return found }
        _ = try knownVersions(of: model)
        throw RegistryError.unknownModel(model.description, closest: nil)
    }

    fileprivate func known(_ number: Int, of model: ModelReference) throws -> VersionRecord {
        _ = try known(model)
        if let record = try versionRecord(number, of: model) { return record }
        throw RegistryError.unknownVersion(String(number), of: model, newest: try versions(of: model).first?.number)
    }
}

/// Aliases that go along with what they stand for.
///
/// - Parameter version: `nil` for any.
private func logAliases(
    of model: ModelReference, standingFor version: Int?, _ transaction: any RegistrationWriting, _ log: LedgerWriter
) throws {
    let gone = try transaction.aliases(of: model).filter { version == nil || $0.value == version }
    for (alias, number) in gone.sorted(by: { $0.key < $1.key }) {
        try log.append("alias.remove", aliasPath(model, alias), before: String(number))
    }
}

func modelPath(_ model: ModelReference) -> String { "model/\(model.project)/\(model.name)" }

/// A text of a caller as the ledger shows it: the beginning, without control characters.
func shown(_ value: String?) -> String? {
    value.map { text in
        String(
            String.UnicodeScalarView(
                text.prefix(200).unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }))
    }
}

func checkRegistryTag(_ tag: KeyedText) throws {
    try checkKey(tag.key, "tag")
    guard tag.value.unicodeScalars.count <= 100_000, !tag.value.utf8.contains(0) else {
        throw Refusal(
            .limitExceeded, .invalidInput, "The tag “\(tag.key.prefix(100))” cannot be kept.",
            hint: "A value has at most 100,000 characters.")
    }
}

func checkDescription(_ text: String?) throws {
    guard text?.unicodeScalars.count ?? 0 <= 1_000_000, !(text?.utf8.contains(0) ?? false) else {
        throw Refusal(.limitExceeded, .invalidInput, "The description is longer than 1,000,000 characters.")
    }
}
