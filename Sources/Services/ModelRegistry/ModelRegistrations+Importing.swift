// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain

/// Registered models that are brought from another store.
extension ModelRegistrations {
    /// Makes a model with its versions under their own numbers, in one transaction; what is here already stays as it is.
    /// Aliases are not among it, because moving one may deploy.
    ///
    /// - Returns: Whether anything is new, and how many versions are.
    /// - Throws: `REG-011` when a version of that number is here that comes from somewhere else, or the number was given to
    ///   one that is gone; what is wrong with a text.
    package func bring(
        _ foreign: ForeignModel, to project: ProjectName, by actor: String
    ) async throws -> ImportOutcome {
        let model = ModelReference(project: project, name: try ModelName(foreign.name))
        try checkDescription(foreign.description)
        for tag in foreign.tags { try checkRegistryTag(KeyedText(tag.key, tag.value)) }
        let versions = foreign.versions.sorted { $0.number < $1.number }
        for version in versions { try check(version) }
        return try await store.write { [now] transaction in
            let log = try LedgerWriter(transaction, by: actor, reason: "brought from MLflow", at: now())
            let isNew = try transaction.registeredModel(model) == nil
            if isNew {
                let updated = Timestamp(milliseconds: foreign.updatedAt)
                try transaction.insertModel(
                    model, description: foreign.description, at: Timestamp(milliseconds: foreign.createdAt))
                for (key, value) in foreign.tags.sorted(by: { $0.key < $1.key }) {
                    try transaction.setTag(key, to: value, of: model, at: updated)
                }
                try transaction.setDescription(foreign.description, of: model, at: updated)
                try log.append("model.create", modelPath(model))
            }
            var count: Int64 = 0
            for version in versions where try transaction.bring(version, of: model, by: actor, log) { count += 1 }
            return ImportOutcome(isNew: isNew || count > 0, number: count)
        }
    }

    private func check(_ version: ForeignVersion) throws {
        guard version.number > 0, version.number <= 1_000_000_000 else {
            throw Refusal(.outOfRange, .invalidInput, "\(version.number) is no number of a version.")
        }
        guard Stage(anyCase: version.stage) != nil else {
            throw Refusal(.outOfRange, .invalidInput, "“\(version.stage.prefix(100))” is no stage of a version.")
        }
        for text in [version.source, version.run, version.runLink, version.loggedModel] {
            guard text?.utf8.count ?? 0 <= 2000, !(text?.utf8.contains(0) ?? false) else {
                throw Refusal(.limitExceeded, .invalidInput, "The source of version \(version.number) is too long.")
            }
        }
        try checkDescription(version.description)
        for tag in version.tags { try checkRegistryTag(KeyedText(tag.key, tag.value)) }
    }
}

extension RegistrationWriting {
    /// - Returns: Whether it is new.
    fileprivate func bring(
        _ version: ForeignVersion, of model: ModelReference, by actor: String, _ log: LedgerWriter
    ) throws -> Bool {
        let registration = Registration(
            source: version.source, run: version.run, runLink: version.runLink, loggedModel: version.loggedModel)
        if let known = try versionRecord(version.number, of: model) {
            guard known.registration.run == registration.run, known.registration.source == registration.source else {
                throw taken(version.number, of: model, "comes from somewhere else")
            }
            return false
        }
        guard try lastNumber(of: model) < version.number else {
            throw taken(version.number, of: model, "was deleted, and its number is not given again")
        }
        let updated = Timestamp(milliseconds: version.updatedAt)
        try insert(
            ModelVersion(
                model: model, number: version.number, bundle: nil, provenance: nil, status: .pending, origin: nil,
                createdAt: Timestamp(milliseconds: version.createdAt), createdBy: actor))
        try setRegistration(registration, of: version.number, model: model)
        for (key, value) in version.tags.sorted(by: { $0.key < $1.key }) {
            try setTag(key, to: value, of: version.number, model: model, at: updated)
        }
        if let stage = Stage(anyCase: version.stage), stage != .none {
            try setStage(stage, of: version.number, model: model, at: updated)
        }
        try setDescription(version.description, of: version.number, model: model, at: updated)
        try log.append("model.register", versionPath(model, version.number), after: shown(version.source))
        return true
    }
}

private func taken(_ number: Int, of model: ModelReference, _ why: String) -> Refusal {
    Refusal(
        .nameTaken, .conflict, "“\(model)” has had a version \(number) here, which \(why).",
        hint: "Bring it into another project with --project.")
}
