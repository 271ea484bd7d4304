// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import Foundation
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry

/// `/v1/import/…`: what a store of MLflow's holds, thing by thing, with its ids and its times.
///
/// For administrators: whoever brings a past says what it was. Every call may be repeated.
struct ImportRoutes: Sendable {
    let administration: Administration

    /// Bodies hold a data set's profile, or 10,000 points.
    static let bodyLimit = MLflowRoutes.bodyLimit

    private var tracking: ExperimentTracking { administration.tracking }

    var routes: [AdministrationRoute] {
        [
            route("experiments", "Bring an experiment, or find the one of its name.", ForeignExperiment.self) {
                try await tracking.in($1).bring($0)
            },
            AdministrationRoute(
                .post, "/v1/import/experiments/:experiment/deletion", needs: .administer, of: .queriedProject,
                "Delete an experiment that was deleted where it comes from.", query: [project], status: 204
            ) { request, context in
                let text = try context.parameters.require("experiment")
                guard let id = ExperimentID(text: text) else { throw TrackingError.unknownExperiment(text) }
                try await tracking.in(request.project()).bringDeletion(of: id)
                return Response(status: .noContent)
            },
            route("runs", "Bring a run, without its points.", ForeignRun.self) {
                try await tracking.in($1).bring($0)
            },
            AdministrationRoute(
                .post, "/v1/import/runs/:run/points", needs: .administer, of: .queriedProject,
                "Bring points of a metric of a run.", query: [project], takes: ForeignPoints.self,
                gives: ImportOutcome.self
            ) { request, context in
                let text = try context.parameters.require("run")
                guard let id = RunID(text) else { throw TrackingError.unknownRun(text) }
                let points = try await body(request, ForeignPoints.self)
                return try .json(try await tracking.in(request.project()).bring(points, of: id))
            },
            route("logged-models", "Bring a logged model.", ForeignLoggedModel.self) {
                try await tracking.in($1).bring($0)
            },
            route("artifacts", "Name files of runs and logged models, whose contents are here.", ForeignArtifacts.self)
            {
                try await bring($0, to: $1)
            },
            AdministrationRoute(
                .post, "/v1/import/models", needs: .administer, of: .queriedProject,
                "Bring a registered model with its versions and aliases.", query: [project],
                takes: ForeignModel.self, gives: ImportOutcome.self
            ) { request, context in
                let model = try await body(request, ForeignModel.self)
                return try .json(
                    try await bring(model, to: try request.project(), by: context.actor))
            },
        ]
    }

    private var project: (name: String, meaning: String) { ("project", "The project; default without it.") }

    private func route<Value: Decodable & Sendable>(
        _ noun: String, _ summary: String, _ type: Value.Type,
        _ bring: @escaping @Sendable (Value, ProjectName) async throws -> ImportOutcome
    ) -> AdministrationRoute {
        AdministrationRoute(
            .post, "/v1/import/\(noun)", needs: .administer, of: .queriedProject, summary, query: [project],
            takes: type, gives: ImportOutcome.self
        ) { request, _ in
            try .json(try await bring(try await body(request, type), try request.project()))
        }
    }

    private func body<Value: Decodable & Sendable>(_ request: Request, _ type: Value.Type) async throws -> Value {
        let bytes = try await request.body.collect(upTo: Self.bodyLimit)
        return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    }

    private func bring(_ foreign: ForeignArtifacts, to project: ProjectName) async throws -> ImportOutcome {
        var files: [(path: ArtifactPath, content: Digest, byteCount: Int)] = []
        for file in foreign.artifacts {
            guard let digest = Digest(file.digest) else {
                throw Refusal(.contentMissing, .invalidInput, "“\(file.digest.prefix(100))” is no digest.")
            }
            guard try await administration.blobs.contains(digest) else {
                throw Refusal(
                    .contentMissing, .notFound, "The content \(digest.short) is not here.", hint: "Upload it first.")
            }
            files.append((try ArtifactPath(file.path), digest, file.byteCount))
        }
        return try await tracking.in(project).bring(files)
    }

    /// An alias that is set here already stays, wherever it points: it may have been moved since.
    private func bring(
        _ model: ForeignModel, to project: ProjectName, by actor: String
    ) async throws -> ImportOutcome {
        let aliases = try model.aliases.map { (try AliasName($0.key), $0.value) }.sorted { $0.0 < $1.0 }
        var outcome = try await administration.registrations.bring(model, to: project, by: actor)
        let reference = ModelReference(project: project, name: try ModelName(model.name))
        let present = try await administration.registry.aliases(of: reference)
        for (alias, number) in aliases where present[alias] == nil {
            try await administration.setAlias(alias, of: reference, to: .number(number), by: actor)
            outcome.isNew = true
        }
        return outcome
    }
}
