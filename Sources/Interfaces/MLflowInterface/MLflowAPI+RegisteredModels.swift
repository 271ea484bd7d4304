// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import ModelRegistry
internal import Tensors

extension MLflowAPI {
    var registeredModelRoutes: [Route] {
        [
            route(.post, "registered-models/create", for: .develop) { call in
                let model = try await registrations.makeModel(
                    call.model(), description: call.fields.optionalText("description"), tags: call.keyedTexts("tags"),
                    by: call.actor)
                return ["registered_model": try await document(model)]
            },
            route(.get, "registered-models/get", for: .view) { call in
                ["registered_model": try await document(registrations.model(call.model()))]
            },
            route(.post, "registered-models/rename", for: .develop) { call in
                let model = try await registrations.rename(
                    call.model(), to: call.modelName("new_name"), by: call.actor)
                return ["registered_model": try await document(model)]
            },
            route(.patch, "registered-models/update", for: .develop) { call in
                let model = try await registrations.setDescription(
                    call.fields.optionalText("description") ?? "", of: call.model(), by: call.actor)
                return ["registered_model": try await document(model)]
            },
            route(.delete, "registered-models/delete", for: .develop) { call in
                try await registrations.remove(call.model(), by: call.actor)
            },
            route(.get, "registered-models/search", for: .view) { call in
                var search = try call.search(.models, standard: 100, ceiling: 1000)
                // Prompts are found by whoever asks for them.
                if !search.filter.conditions.contains(where: { $0.field == .tag(SearchGrammar.promptTag) }) {
                    let noPrompt = SearchCondition(
                        field: .tag(SearchGrammar.promptTag), test: .text(.unequal, "true"))
                    search.filter = SearchFilter(search.filter.conditions + [noPrompt])
                }
                let page = try await registrations.models(in: call.project, search)
                var models: [JSONValue] = []
                for model in page.items { models.append(try await document(model)) }
                return .record([
                    ("registered_models", listed(models)), ("next_page_token", pageToken(page.nextOffset)),
                ])
            },
            route(.post, "registered-models/get-latest-versions", for: .view, latestVersions),
            route(.get, "registered-models/get-latest-versions", for: .view, latestVersions),
            route(.post, "registered-models/set-tag", for: .develop) { call in
                try await registrations.setTag(
                    call.fields.text("key"), to: call.fields.optionalText("value") ?? "", of: call.model(),
                    by: call.actor)
            },
            route(.delete, "registered-models/delete-tag", for: .develop) { call in
                try await registrations.setTag(call.fields.text("key"), to: nil, of: call.model(), by: call.actor)
            },
            route(.post, "registered-models/alias", for: .develop) { call in
                let (alias, model) = (try call.newAlias(), try call.model())
                if let endpoint = following.followers(alias, model).first, !call.mayDecide {
                    throw Refusal(
                        .tokenRefused, .denied,
                        "“\(endpoint)” follows @\(alias): moving it decides what answers there, and needs a token that may.",
                        hint: "Set MLFLOW_TRACKING_TOKEN to one with the role \(Role.names(having: .decide)).",
                        details: [.init("needs", "decide")])
                }
                try await following.move(alias, model, call.version(), call.actor)
            },
            route(.delete, "registered-models/alias", for: .develop) { call in
                let (model, alias) = (try call.model(), try call.alias())
                // One that is not there is gone already.
                guard try await registry.aliases(of: model)[alias] != nil else { return }
                try await registry.removeAlias(alias, of: model, by: call.actor)
            },
            route(.get, "registered-models/alias", for: .view) { call in
                let (model, alias) = (try call.model(), try call.alias())
                // Nobody sets it, and it is always the newest.
                guard alias.rawValue.lowercased() == "latest",
                    let newest = try await registrations.versions(of: model).first
                else { return ["model_version": try await registrations.version(alias, of: model).json] }
                return ["model_version": newest.json]
            },
        ]
    }

    @Sendable private func latestVersions(_ call: MLflowCall) async throws -> JSONValue {
        let stages = try call.fields.texts("stages").map { text in
            guard let stage = Stage(anyCase: text) else { throw unknownStage(text) }
            return stage
        }
        let versions = newestOfEachStage(try await registrations.versions(of: call.model()))
        return .record([
            (
                "model_versions",
                listed(versions.filter { stages.isEmpty || stages.contains($0.stage) }.map(\.json))
            )
        ])
    }

    private func document(_ model: RegisteredModel) async throws -> JSONValue {
        let versions = try await registrations.versions(of: model.reference)
        let aliases = versions.flatMap { record in record.aliases.map { ($0, record.version.number) } }
        return .record([
            ("name", .string(model.reference.name.rawValue)),
            ("creation_timestamp", .integer(model.createdAt.milliseconds)),
            ("last_updated_timestamp", .integer(model.updatedAt.milliseconds)),
            ("description", model.description.flatMap { $0.isEmpty ? nil : .string($0) }),
            ("latest_versions", listed(newestOfEachStage(versions).map(\.json))), ("tags", listed(model.tags)),
            (
                "aliases",
                listed(
                    aliases.sorted { $0.0 < $1.0 }.map {
                        .record([("alias", .string($0.0.rawValue)), ("version", .string(String($0.1)))])
                    })
            ),
        ])
    }
}

/// - Parameter versions: Newest first.
private func newestOfEachStage(_ versions: [VersionRecord]) -> [VersionRecord] {
    var seen: Set<Stage> = []
    return versions.filter { seen.insert($0.stage).inserted }
}

func unknownStage(_ text: String) -> Refusal {
    Refusal(
        .outOfRange, .invalidInput, "Invalid Model Version stage: \(text.prefix(100)).",
        hint: "Value must be one of \(Stage.allCases.map(\.rawValue).joined(separator: ", ")).",
        details: [.init("field", "stage")])
}

extension MLflowCall {
    func alias() throws -> AliasName {
        let text = try fields.text("alias")
        guard let alias = AliasName(rawValue: text) else { throw badAlias(text) }
        return alias
    }

    /// An alias that may be given: `latest` and `v3` would be taken for something else.
    func newAlias() throws -> AliasName {
        let alias = try alias()
        let text = alias.rawValue.lowercased()
        guard !text.contains("."), text != "latest", !(text.hasPrefix("v") && Int(text.dropFirst()) != nil) else {
            throw badAlias(alias.rawValue)
        }
        return alias
    }

    private func badAlias(_ text: String) -> Refusal {
        Refusal(
            .badName, .invalidInput, "“\(text.prefix(100))” cannot be an alias.",
            hint: "Use letters, digits, “_” and “-”; “latest” and “v” with a number are reserved.",
            details: [.init("field", "alias")])
    }
}
