// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import Tensors

extension MLflowAPI {
    var loggedModelRoutes: [Route] {
        [
            route(.post, "logged-models", for: .develop) { call in
                let run = try call.fields.optionalText("source_run_id").flatMap { $0.isEmpty ? nil : $0 }
                let model = try await project(call).makeLoggedModel(
                    call.fields.optionalText("name"), in: call.experimentID(),
                    type: call.fields.optionalText("model_type") ?? "",
                    sourceRun: run.map { try knownForm(RunID($0), or: .unknownRun($0)) },
                    params: call.keyedTexts("params"), tags: call.keyedTexts("tags"))
                return ["model": model.json]
            },
            route(.post, "logged-models/search", for: .view) { call in
                var search = try call.search(.loggedModels, order: call.loggedModelOrder())
                search.view = .all
                let datasets = try call.fields.list("datasets").map {
                    DatasetKey(
                        name: try $0.text("dataset_name"), digest: try $0.optionalText("dataset_digest") ?? "")
                }
                let page = try await project(call).loggedModels(
                    of: call.experimentIDs(), datasets: datasets, search)
                return .record([
                    ("models", listed(page.items.map(\.json))), ("next_page_token", pageToken(page.nextOffset)),
                ])
            },
            route(.get, "logged-models/:model_id", for: .view) { call in
                let model = try await project(call).loggedModel(
                    call.loggedModelID(), allowingDeleted: call.fields.flag("allow_deleted"))
                return ["model": model.json]
            },
            route(.patch, "logged-models/:model_id", for: .develop) { call in
                let text = try call.fields.text("status")
                guard let status = LoggedModel.Status(rawValue: text) else {
                    throw Refusal(
                        .outOfRange, .invalidInput, "“\(text.prefix(100))” is no status of a logged model.",
                        hint: "Write \(LoggedModel.Status.allCases.map(\.rawValue).joined(separator: ", ")).",
                        details: [.init("field", "status")])
                }
                return ["model": try await project(call).setStatus(status, of: call.loggedModelID()).json]
            },
            route(.delete, "logged-models/:model_id", for: .develop) { call in
                try await project(call).remove(call.loggedModelID())
            },
            route(.patch, "logged-models/:model_id/tags", for: .develop) { call in
                _ = try await project(call).setTags(call.keyedTexts("tags"), of: call.loggedModelID())
            },
            route(.delete, "logged-models/:model_id/tags/:tag_key", for: .develop) { call in
                try await project(call).removeTag(
                    call.path["tag_key"] ?? call.fields.text("tag_key"), of: call.loggedModelID())
            },
            route(.post, "logged-models/:model_id/params", for: .develop) { call in
                try await project(call).recordParams(call.keyedTexts("params"), of: call.loggedModelID())
            },
            route(.get, "logged-models/:model_id/artifacts/directories", for: .view) { call in
                let model = try await project(call).loggedModel(call.loggedModelID())
                return try await list(
                    .files(of: model.id, in: model.experiment),
                    folder: call.fields.optionalText("artifact_directory_path"), call)
            },
            route(.get, "artifacts/list", for: .view) { call in
                let run = try await project(call).runInfo(call.runID())
                return try await list(.files(of: run), folder: call.fields.optionalText("path"), call)
            },
        ]
    }

    /// What is in a folder of a run or a model, by paths relative to where its files begin.
    private func list(_ root: ArtifactPath, folder: String?, _ call: MLflowCall) async throws -> JSONValue {
        let folder = folder ?? ""
        let entries = try await project(call).artifacts(in: root.appending(folder))
        return .record([
            ("root_uri", .string(root.uri)),
            ("files", listed(entries.map { $0.json(below: folder) })),
        ])
    }
}

extension ArtifactEntry {
    /// - Parameter folder: What the name is to be put behind.
    func json(below folder: String = "") -> JSONValue {
        .record([
            ("path", .string(folder.isEmpty ? name : "\(folder)/\(name)")), ("is_dir", .bool(byteCount == nil)),
            // A file without content has no size in this API.
            ("file_size", byteCount.flatMap { $0 == 0 ? nil : .integer(Int64($0)) }),
        ])
    }
}

extension MLflowCall {
    /// The order of a search for logged models, which is written as objects.
    fileprivate func loggedModelOrder() throws -> [SearchOrder] {
        try fields.list("order_by").map { order in
            let name = try order.text("field_name")
            let field = try SearchGrammar.loggedModels.order(name).field
            return SearchOrder(
                field: field, isAscending: try order.has("ascending") ? order.flag("ascending") : true,
                datasetName: try order.optionalText("dataset_name"),
                datasetDigest: try order.optionalText("dataset_digest"))
        }
    }

    fileprivate func search(_ grammar: SearchGrammar, order: [SearchOrder]) throws -> SearchRequest {
        var search = SearchRequest()
        search.filter = try grammar.filter(fields.optionalText("filter") ?? "")
        search.order = order
        (search.offset, search.limit) = try window(standard: 50, ceiling: 50_000)
        return search
    }
}
