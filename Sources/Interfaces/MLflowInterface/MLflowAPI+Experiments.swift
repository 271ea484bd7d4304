// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import Tensors

extension MLflowAPI {
    var experimentRoutes: [Route] {
        [
            route(.post, "experiments/create", for: .develop) { call in
                if let location = try call.fields.optionalText("artifact_location"), !location.isEmpty {
                    throw Refusal(
                        .unsupportedOption, .invalidInput,
                        "The artifact_location “\(location.prefix(200))” cannot be used: files are kept by this server.",
                        hint: "Leave artifact_location out.", details: [.init("field", "artifact_location")])
                }
                let id = try await project(call).makeExperiment(
                    call.fields.text("name"), tags: call.keyedTexts("tags"))
                return ["experiment_id": .string(id.description)]
            },
            route(.get, "experiments/get", for: .view) { call in
                ["experiment": try await project(call).experiment(call.experimentID()).json]
            },
            route(.get, "experiments/get-by-name", for: .view) { call in
                ["experiment": try await project(call).experiment(named: call.fields.text("experiment_name")).json]
            },
            route(.post, "experiments/search", for: .view, searchExperiments),
            route(.get, "experiments/search", for: .view, searchExperiments),
            route(.post, "experiments/delete", for: .develop) { call in
                try await project(call).setDeleted(true, call.experimentID())
            },
            route(.post, "experiments/restore", for: .develop) { call in
                try await project(call).setDeleted(false, call.experimentID())
            },
            route(.post, "experiments/update", for: .develop) { call in
                try await project(call).rename(call.experimentID(), to: call.fields.text("new_name"))
            },
            route(.post, "experiments/set-experiment-tag", for: .develop) { call in
                try await project(call).setTag(
                    KeyedText(call.fields.text("key"), call.fields.optionalText("value") ?? ""),
                    of: call.experimentID())
            },
            route(.post, "experiments/delete-experiment-tag", for: .develop) { call in
                try await project(call).removeTag(call.fields.text("key"), of: call.experimentID())
            },
            route(.post, "experiments/search-datasets", for: .view) { call in
                let found = try await project(call).datasets(of: call.experimentIDs(), limit: 1000)
                return .record([
                    (
                        "dataset_summaries",
                        listed(
                            found.map { dataset in
                                .record([
                                    ("experiment_id", .string(dataset.experiment.description)),
                                    ("name", .string(dataset.key.name)), ("digest", .string(dataset.key.digest)),
                                    ("context", dataset.context.map(JSONValue.string)),
                                ])
                            })
                    )
                ])
            },
        ]
    }

    /// Tracking as the caller's project sees it.
    func project(_ call: MLflowCall) async throws -> ProjectTracking { try await tracking.in(call.project) }

    @Sendable private func searchExperiments(_ call: MLflowCall) async throws -> JSONValue {
        var search = try call.search(.experiments, standard: 1000, ceiling: 50_000)
        search.view = try call.view("view_type")
        let page = try await project(call).experiments(search)
        return .record([
            ("experiments", listed(page.items.map(\.json))), ("next_page_token", pageToken(page.nextOffset)),
        ])
    }
}

extension MLflowCall {
    func view(_ name: String) throws -> LifecycleView {
        switch try fields.optionalText(name) {
        case nil, "", "ACTIVE_ONLY": return .active
        case "DELETED_ONLY": return .deleted
        case "ALL": return .all
        case let other?:
            throw Refusal(
                .outOfRange, .invalidInput, "Invalid value “\(other.prefix(100))” for parameter '\(name)' supplied.",
                hint: "Write ACTIVE_ONLY, DELETED_ONLY or ALL.", details: [.init("field", name)])
        }
    }
}
