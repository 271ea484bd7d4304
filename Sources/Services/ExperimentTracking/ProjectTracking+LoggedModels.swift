// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

extension ProjectTracking {
    /// - Throws: `TRK-001`, `TRK-002`, `TRK-008`; what is wrong with the name, a parameter or a tag.
    package func makeLoggedModel(
        _ name: String?, in id: ExperimentID, type: String, sourceRun: RunID?, params: [KeyedText], tags: [KeyedText]
    ) async throws -> LoggedModel {
        var generator = SystemRandomNumberGenerator()
        let modelID = LoggedModelID(random: &generator)
        let name = name.flatMap { $0.isEmpty ? nil : $0 } ?? "model-\(modelID.text.dropFirst(2).prefix(8))"
        try checkLoggedModelName(name)
        try checkLength(type, 500, "type of a logged model")
        let (params, tags) = (try params.map(fittingParam), try tags.map(fittingTag))
        return try await store.write { [project, now] transaction in
            let experiment = try transaction.active(id, in: project)
            if let sourceRun { _ = try transaction.known(sourceRun, in: project) }
            let time = now()
            var model = LoggedModel(
                id: modelID, experiment: experiment.id, name: name, type: type, sourceRun: sourceRun,
                status: .pending, createdAt: time, updatedAt: time)
            model.params = newest(of: params)
            model.tags = newest(of: tags)
            try transaction.insert(model)
            return model
        }
    }

    /// - Throws: `TRK-003`.
    ///
    /// - Parameter allowingDeleted: Whether one that was deleted is shown too.
    package func loggedModel(_ id: LoggedModelID, allowingDeleted: Bool = false) async throws -> LoggedModel {
        try await store.read { [project] in try $0.known(id, in: project, allowingDeleted: allowingDeleted) }
    }

    package func loggedModels(
        of experiments: [ExperimentID], datasets: [DatasetKey], _ search: SearchRequest
    ) async throws -> SearchPage<LoggedModel> {
        page(
            try await store.read { [project] store in
                try store.loggedModels(of: store.known(experiments, in: project), datasets: datasets, search)
            }, search)
    }

    /// - Throws: `TRK-003`.
    package func setStatus(_ status: LoggedModel.Status, of id: LoggedModelID) async throws -> LoggedModel {
        try await change(id) { try $0.setStatus(status, of: id, at: $1) }
    }

    /// - Throws: `TRK-003`.
    package func setTags(_ tags: [KeyedText], of id: LoggedModelID) async throws -> LoggedModel {
        let tags = try tags.map(fittingTag)
        return try await change(id) { transaction, time in
            for tag in newest(of: tags) { try transaction.setTag(tag.key, to: tag.value, of: id, at: time) }
        }
    }

    /// - Throws: `TRK-003`; `IN-002` when there is no such tag.
    package func removeTag(_ key: String, of id: LoggedModelID) async throws {
        _ = try await change(id) { transaction, time in
            guard try transaction.loggedModel(id)?.tags.contains(where: { $0.key == key }) ?? false else {
                throw unknownTag(key)
            }
            try transaction.setTag(key, to: nil, of: id, at: time)
        }
    }

    /// - Throws: `TRK-003`; `TRK-006` for a parameter that has another value.
    package func recordParams(_ params: [KeyedText], of id: LoggedModelID) async throws {
        let params = try params.map(fittingParam)
        _ = try await change(id) { transaction, _ in
            let present = Dictionary(
                try transaction.loggedModel(id)?.params.map { ($0.key, $0.value) } ?? [], uniquingKeysWith: { $1 })
            for param in params {
                if let old = present[param.key], old != param.value {
                    throw TrackingError.paramChanged(key: param.key, old: old, new: param.value)
                }
            }
            try transaction.insertParams(newest(of: params.filter { present[$0.key] == nil }), of: id)
        }
    }

    /// - Throws: `TRK-003`.
    package func remove(_ id: LoggedModelID) async throws {
        try await store.write { [project, now] transaction in
            _ = try transaction.known(id, in: project)
            try transaction.remove(id, at: now())
        }
    }

    private func change(
        _ id: LoggedModelID, _ body: @escaping @Sendable (any TrackingWriting, Timestamp) throws -> Void
    ) async throws -> LoggedModel {
        try await store.write { [project, now] transaction in
            _ = try transaction.known(id, in: project)
            try body(transaction, now())
            return try transaction.known(id, in: project)
        }
    }

    private func checkLoggedModelName(_ name: String) throws {
        try checkLength(name, TrackingLimits.experimentName, "name of a logged model")
        guard !name.contains(where: { "/:.%\"'".contains($0) }), !name.allSatisfy(\.isWhitespace) else {
            throw TrackingError.unusable(what: "name of a logged model", value: name)
        }
    }
}
