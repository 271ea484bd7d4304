// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import Tensors

extension MLflowAPI {
    var runRoutes: [Route] {
        [
            route(.post, "runs/create", for: .develop) { call in
                let run = try await project(call).startRun(
                    in: call.experimentID(), name: call.fields.optionalText("run_name"),
                    user: call.fields.optionalText("user_id") ?? "unknown",
                    startedAt: call.fields.optionalInteger("start_time"), tags: call.keyedTexts("tags"))
                return ["run": run.json]
            },
            route(.get, "runs/get", for: .view) { call in
                ["run": try await project(call).run(call.runID()).json]
            },
            route(.post, "runs/update", for: .develop) { call in
                let status = try call.fields.optionalText("status").map { text in
                    guard let status = RunInfo.Status(rawValue: text) else {
                        throw Refusal(
                            .outOfRange, .invalidInput, "“\(text.prefix(100))” is no status of a run.",
                            hint: "Write \(RunInfo.Status.allCases.map(\.rawValue).joined(separator: ", ")).",
                            details: [.init("field", "status")])
                    }
                    return status
                }
                let run = try await project(call).update(
                    call.runID(), name: call.fields.optionalText("run_name"), status: status,
                    endedAt: call.fields.optionalInteger("end_time"))
                return ["run_info": run.json]
            },
            route(.post, "runs/delete", for: .develop) { call in
                try await project(call).setDeleted(true, call.runID())
            },
            route(.post, "runs/restore", for: .develop) { call in
                try await project(call).setDeleted(false, call.runID())
            },
            route(.post, "runs/search", for: .view) { call in
                var search = try call.search(.runs, standard: 1000, ceiling: 50_000)
                search.view = try call.view("run_view_type")
                let page = try await project(call).runs(of: call.experimentIDs(), search)
                return .record([
                    ("runs", listed(page.items.map(\.json))), ("next_page_token", pageToken(page.nextOffset)),
                ])
            },
            route(.post, "runs/set-tag", for: .develop) { call in
                try await project(call).record(
                    in: call.runID(),
                    tags: [KeyedText(call.fields.text("key"), call.fields.optionalText("value") ?? "")])
            },
            route(.post, "runs/delete-tag", for: .develop) { call in
                try await project(call).removeTag(call.fields.text("key"), of: call.runID())
            },
            route(.post, "runs/log-parameter", for: .develop) { call in
                try await project(call).record(
                    in: call.runID(),
                    params: [KeyedText(call.fields.text("key"), call.fields.optionalText("value") ?? "")])
            },
            route(.post, "runs/log-inputs", for: .develop) { call in
                try await project(call).recordInputs(
                    call.fields.list("datasets").map(DatasetInput.init),
                    models: call.fields.list("models").map { try loggedModelID($0.text("model_id")) },
                    of: call.runID())
            },
            route(.post, "runs/outputs", for: .develop) { call in
                guard call.fields.has("models") else { throw call.fields.missing("models") }
                try await project(call).recordOutputs(
                    call.fields.list("models").map {
                        ModelOutput(
                            model: try loggedModelID($0.text("model_id")),
                            step: try $0.optionalInteger("step") ?? 0)
                    }, of: call.runID())
            },
            route(.post, "runs/log-model", for: .develop) { call in
                // What clients before 3.0 say of a model is kept where they look for it: in a tag.
                let run = try await project(call).run(call.runID())
                guard let model = try? JSONValue.parse(call.fields.text("model_json")) else {
                    throw Refusal(
                        .wrongType, .invalidInput, "The model_json is no JSON.", details: [.init("field", "model_json")]
                    )
                }
                for name in ["artifact_path", "flavors", "utc_time_created", "run_id"] where model[name] == nil {
                    throw Refusal(
                        .missingValue, .invalidInput, "The model_json has no “\(name)”.",
                        details: [.init("field", "model_json")])
                }
                let history = run.tags.first { $0.key == loggedModelsTag }.flatMap { try? JSONValue.parse($0.value) }
                let models = (history?.elements ?? []) + [model]
                try await project(call).record(
                    in: run.info.id, tags: [KeyedText(loggedModelsTag, JSONValue.array(models).text)])
            },
        ]
    }
}

/// The tag of a run in which clients before 3.0 keep what models it logged.
private let loggedModelsTag = "mlflow.log-model.history"

func loggedModelID(_ text: String) throws -> LoggedModelID {
    try knownForm(LoggedModelID(text), or: .unknownLoggedModel(text))
}
