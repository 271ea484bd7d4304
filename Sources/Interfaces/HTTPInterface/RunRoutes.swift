// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import WireTypes

/// `/v1/experiments` and `/v1/runs`: what was recorded, for people and programs; it is recorded through MLflow's API.
struct RunRoutes: Sendable {
    let tracking: ExperimentTracking

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/experiments", needs: .view, of: .queriedProject,
                "The experiments of a project, newest first.",
                query: [
                    project, ("filter", "As in MLflow: name LIKE 'a%' AND tags.team = 'x'."), ("view", viewMeaning),
                ],
                gives: [ExperimentV1].self, use: experiments),
            AdministrationRoute(
                .get, "/v1/runs", needs: .view, of: .queriedProject, "Runs of a project, newest first.",
                query: [
                    project, ("experiment", "Its name or number; all without it."),
                    ("filter", "As in MLflow: metrics.auc > 0.9 AND params.kind = 'tree'."),
                    ("order", "As in MLflow: metrics.auc DESC."), ("view", viewMeaning),
                    ("offset", "How many are passed over."), ("limit", "How many, 1 to 1000; 100 without it."),
                ], gives: RunsV1.self, use: runs),
            AdministrationRoute(
                .get, "/v1/runs/:run", needs: .view, of: .queriedProject, "A run with what was recorded in it.",
                query: [project], gives: RunV1.self, use: run),
        ]
    }

    private var project: (name: String, meaning: String) { ("project", "The project; default without it.") }
    private var viewMeaning: String { "active, deleted or all; active without it." }

    /// `GET /v1/experiments` → `[ExperimentV1]`, at most 10,000.
    @Sendable private func experiments(_ request: Request, _: AdministrationContext) async throws -> Response {
        var search = SearchRequest()
        search.filter = try SearchGrammar.experiments.filter(request.text("filter") ?? "")
        search.view = try request.view()
        search.limit = 10_000
        let page = try await tracking.in(try request.project()).experiments(search)
        return try .json(page.items.map(ExperimentV1.init))
    }

    /// `GET /v1/runs` → `RunsV1`, or problem `TRK-001`, `TRK-007`.
    @Sendable private func runs(_ request: Request, _: AdministrationContext) async throws -> Response {
        let tracking = try await tracking.in(try request.project())
        var search = SearchRequest()
        search.filter = try SearchGrammar.runs.filter(request.text("filter") ?? "")
        search.order = try request.text("order").map { [try SearchGrammar.runs.order($0)] } ?? []
        search.view = try request.view()
        search.offset = try request.queryNumber("offset", in: 0...Int(Int32.max), standard: 0)
        search.limit = try request.queryNumber("limit", in: 1...1000, standard: 100)
        let page = try await tracking.runs(of: experiments(named: request.text("experiment"), tracking), search)
        return try .json(RunsV1(page))
    }

    /// `GET /v1/runs/{run}` → `RunV1`, or problem `TRK-002`.
    @Sendable private func run(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let text = try context.parameters.require("run")
        guard let id = RunID(text) else { throw TrackingError.unknownRun(text) }
        return try .json(RunV1(try await tracking.in(try request.project()).run(id)))
    }

    private func experiments(named name: String?, _ tracking: ProjectTracking) async throws -> [ExperimentID] {
        guard let name else {
            var all = SearchRequest()
            (all.view, all.limit) = (.all, 100_000)
            return try await tracking.experiments(all).items.map(\.id)
        }
        if let found = try? await tracking.experiment(named: name) { return [found.id] }
        guard let id = ExperimentID(text: name) else { throw TrackingError.unknownExperiment(name) }
        return [try await tracking.experiment(id).id]
    }
}

extension Request {
    /// A text of the query, decoded; `nil` when it is not there.
    fileprivate func text(_ name: String) -> String? { uri.queryParameters[Substring(name)].map(String.init) }

    fileprivate func view() throws(Refusal) -> LifecycleView {
        switch text("view") {
        case nil, "active": return .active
        case "deleted": return .deleted
        case "all": return .all
        case let other?:
            throw Refusal(
                .outOfRange, .invalidInput, "“view” is “\(other.prefix(40))”.",
                hint: "Write active, deleted or all.", details: [.init("field", "view")])
        }
    }
}
