// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import ModelRegistry
internal import Tensors

extension MLflowAPI {
    var versionRoutes: [Route] {
        [
            route(.post, "model-versions/create", for: .develop, registerVersion),
            route(.get, "model-versions/get", for: .view) { call in
                ["model_version": try await registrations.version(call.version(), of: call.model()).json]
            },
            route(.patch, "model-versions/update", for: .develop) { call in
                let record = try await registrations.setDescription(
                    call.fields.optionalText("description") ?? "", of: call.version(), model: call.model(),
                    by: call.actor)
                return ["model_version": record.json]
            },
            route(.post, "model-versions/transition-stage", for: .develop) { call in
                let text = try call.fields.text("stage")
                guard let stage = Stage(anyCase: text) else { throw unknownStage(text) }
                let archivesOthers = try call.fields.flag("archive_existing_versions")
                guard !archivesOthers || stage == .staging || stage == .production else {
                    throw Refusal(
                        .unsupportedOption, .invalidInput,
                        "Others can be archived when a version becomes Staging or Production, and not \(stage.rawValue).",
                        details: [.init("field", "archive_existing_versions")])
                }
                let record = try await registrations.setStage(
                    stage, of: call.version(), model: call.model(), archivesOthers: archivesOthers, by: call.actor)
                return ["model_version": record.json]
            },
            route(.delete, "model-versions/delete", for: .develop) { call in
                try await registrations.removeVersion(call.version(), of: call.model(), by: call.actor)
            },
            route(.get, "model-versions/search", for: .view) { call in
                let search = try call.search(.versions, standard: 10_000, ceiling: 200_000)
                let page = try await registrations.versions(in: call.project, search)
                return .record([
                    ("model_versions", listed(page.items.map(\.json))), ("next_page_token", pageToken(page.nextOffset)),
                ])
            },
            route(.get, "model-versions/get-download-uri", for: .view) { call in
                let record = try await registrations.version(call.version(), of: call.model())
                let source = record.registration.source ?? ""
                let place = try await VersionSource(source).place(in: project(call), registrations, call.project)
                return ["artifact_uri": .string(place?.uri ?? source)]
            },
            route(.post, "model-versions/set-tag", for: .develop) { call in
                try await registrations.setTag(
                    call.fields.text("key"), to: call.fields.optionalText("value") ?? "", of: call.version(),
                    model: call.model(), by: call.actor)
            },
            route(.delete, "model-versions/delete-tag", for: .develop) { call in
                try await registrations.setTag(
                    call.fields.text("key"), to: nil, of: call.version(), model: call.model(), by: call.actor)
            },
        ]
    }

    @Sendable private func registerVersion(_ call: MLflowCall) async throws -> JSONValue {
        let text = try call.fields.text("source")
        let tags = try call.keyedTexts("tags")
        let project = try await project(call)
        var registration = Registration(source: text, runLink: try call.fields.optionalText("run_link"))
        registration.run = try call.fields.optionalText("run_id").flatMap { $0.isEmpty ? nil : $0 }
        registration.loggedModel = try call.fields.optionalText("model_id").flatMap { $0.isEmpty ? nil : $0 }
        // A prompt is kept in its tags, and its source is no place.
        if !tags.contains(KeyedText(SearchGrammar.promptTag, "true")) {
            let source = try VersionSource(text)
            try await source.check(&registration, in: project, registrations, call.project)
        }
        let record = try await registrations.registerVersion(
            of: call.model(), registration, description: call.fields.optionalText("description"), tags: tags,
            by: call.actor)
        if let id = record.registration.loggedModel.flatMap(LoggedModelID.init) {
            try await note(record, of: id, project)
        }
        return ["model_version": record.json]
    }

    /// Says of a logged model which versions were made of it, in the tag where clients look for that.
    private func note(_ record: VersionRecord, of id: LoggedModelID, _ project: ProjectTracking) async throws {
        let key = "mlflow.modelVersions"
        let known = try await project.loggedModel(id).tags.first { $0.key == key }.flatMap {
            try? JSONValue.parse($0.value)
        }
        let version: JSONValue = [
            "name": .string(record.version.model.name.rawValue), "version": .integer(Int64(record.version.number)),
        ]
        let value = JSONValue.array((known?.elements ?? []) + [version]).text
        // One that is registered a thousand times has no room for all of them.
        guard value.unicodeScalars.count <= TrackingLimits.tagValue else { return }
        _ = try await project.setTags([KeyedText(key, value)], of: id)
    }
}

extension VersionRecord {
    var json: JSONValue {
        .record([
            ("name", .string(version.model.name.rawValue)), ("version", .string(String(version.number))),
            ("creation_timestamp", .integer(version.createdAt.milliseconds)),
            ("last_updated_timestamp", .integer(updatedAt.milliseconds)), ("current_stage", .string(stage.rawValue)),
            ("description", .string(description ?? "")), ("source", .string(registration.source ?? "")),
            ("run_id", .string(registration.run ?? "")),
            ("status", .string(version.status == .failed ? "FAILED_REGISTRATION" : "READY")),
            ("tags", listed(tags)), ("run_link", .string(registration.runLink ?? "")),
            ("aliases", listed(aliases.map { .string($0.rawValue) })),
            ("model_id", registration.loggedModel.map(JSONValue.string)),
        ])
    }
}
