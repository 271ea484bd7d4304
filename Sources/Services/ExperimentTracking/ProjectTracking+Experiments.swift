// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

extension ProjectTracking {
    /// - Throws: `TRK-005` when the name is taken, also by one that was deleted.
    package func makeExperiment(_ name: String, tags: [KeyedText] = []) async throws -> ExperimentID {
        try checkExperimentName(name)
        for tag in tags { try checkTag(tag, valueLimit: TrackingLimits.experimentTagValue) }
        return try await store.write { [project, now] transaction in
            if let other = try transaction.experiment(named: name, in: project) {
                throw TrackingError.experimentNameTaken(name, isDeleted: other.isDeleted)
            }
            return try transaction.makeExperiment(named: name, in: project, number: nil, tags: tags, at: now())
        }
    }

    /// Deleted ones too.
    ///
    /// - Throws: `TRK-001`.
    package func experiment(_ id: ExperimentID) async throws -> Experiment {
        try await store.read { [project] in try $0.known(id, in: project) }
    }

    /// Deleted ones too.
    ///
    /// - Throws: `TRK-001`.
    package func experiment(named name: String) async throws -> Experiment {
        try await store.read { [project] store in
            guard let experiment = try store.experiment(named: name, in: project) else {
                throw TrackingError.unknownExperiment(name)
            }
            return experiment
        }
    }

    package func experiments(_ search: SearchRequest) async throws -> SearchPage<Experiment> {
        page(try await store.read { [project] in try $0.experiments(in: project, search) }, search)
    }

    /// - Throws: `TRK-001`, `TRK-005`, `TRK-008`.
    package func rename(_ id: ExperimentID, to name: String) async throws {
        try checkExperimentName(name)
        try await store.write { [project, now] transaction in
            let experiment = try transaction.active(id, in: project)
            if let other = try transaction.experiment(named: name, in: project), other.id != experiment.id {
                throw TrackingError.experimentNameTaken(name, isDeleted: other.isDeleted)
            }
            try transaction.rename(experiment.id, to: name, at: now())
        }
    }

    /// Takes an experiment out of sight, and its runs with it, or brings both back.
    ///
    /// - Throws: `TRK-001`; `TRK-008` when it is so already.
    package func setDeleted(_ isDeleted: Bool, _ id: ExperimentID) async throws {
        try await store.write { [project, now] transaction in
            let experiment = try transaction.known(id, in: project)
            guard experiment.isDeleted != isDeleted else {
                throw isDeleted
                    ? TrackingError.experimentIsGone(experiment.id)
                    : TrackingError.experimentIsNotDeleted(experiment.id)
            }
            try transaction.setDeleted(isDeleted, experiment.id, at: now())
        }
    }

    /// - Throws: `TRK-001`, `TRK-008`.
    package func setTag(_ tag: KeyedText, of id: ExperimentID) async throws {
        try checkTag(tag, valueLimit: TrackingLimits.experimentTagValue)
        try await store.write { [project, now] transaction in
            let experiment = try transaction.active(id, in: project)
            try transaction.setTag(tag.key, to: tag.value, of: experiment.id, at: now())
        }
    }

    /// - Throws: `TRK-001`, `TRK-008`; `IN-002` when there is no such tag.
    package func removeTag(_ key: String, of id: ExperimentID) async throws {
        try await store.write { [project, now] transaction in
            let experiment = try transaction.active(id, in: project)
            guard experiment.tags.contains(where: { $0.key == key }) else { throw unknownTag(key) }
            try transaction.setTag(key, to: nil, of: experiment.id, at: now())
        }
    }

    func checkExperimentName(_ name: String) throws {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw TrackingError.unusable(what: "name of an experiment", value: name)
        }
        try checkLength(name, TrackingLimits.experimentName, "name of an experiment")
    }
}

func unknownTag(_ key: String) -> Refusal {
    Refusal(.unknownName, .notFound, "There is no tag “\(key.prefix(200))” there.")
}
