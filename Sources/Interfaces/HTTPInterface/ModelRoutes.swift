// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import ExperimentTracking
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import MLflowInterface
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry
internal import ModelRollouts
internal import NIOCore
internal import WireTypes

/// `/v1/registry/models`: models, their versions and aliases.
struct ModelRoutes: Sendable {
    let administration: Administration

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, root, needs: .view, of: .common, "The models of the registry.", gives: [ModelV1].self, use: list),
            AdministrationRoute(
                .get, "\(root)/:model", needs: .view, of: .queriedProject,
                "A model with its versions, newest first.", query: project,
                gives: ModelV1.self, use: show),
            AdministrationRoute(
                .post, "\(root)/:model/versions", needs: .develop, of: .bodysProject,
                "Make uploaded contents a version.",
                takes: RegisterVersionV1.self, gives: ModelVersionV1.self, status: 201, use: register),
            AdministrationRoute(
                .get, "\(root)/:model/versions/:version", needs: .view, of: .queriedProject,
                "A version: a number, @alias, or sha256: and digits.", query: project, gives: ModelVersionV1.self,
                use: version),
            AdministrationRoute(
                .get, "\(root)/:model/versions/:version/provenance", needs: .view, of: .queriedProject,
                "Where a version comes from, and what was found when it was packed.", query: project,
                gives: ProvenanceV1.self, use: provenance),
            AdministrationRoute(
                .get, "\(root)/:model/versions/:version/files", needs: .view, of: .queriedProject,
                "The files of a version that a client of MLflow registered.", query: project,
                gives: RegisteredFilesV1.self, use: files),
            AdministrationRoute(
                .get, "\(root)/:model/versions/:version/graph", needs: .view, of: .queriedProject,
                "The steps of a version that is a graph, as its graph.json has them.", query: project, use: graph),
            AdministrationRoute(
                .put, "\(root)/:model/aliases/:alias", needs: .decide, of: .queriedProject,
                "Let an alias stand for a version.",
                query: project, takes: SetAliasV1.self, gives: ModelV1.self, use: setAlias),
            AdministrationRoute(
                .delete, "\(root)/:model/aliases/:alias", needs: .decide, of: .queriedProject,
                "Take an alias away.", query: project,
                gives: ModelV1.self, use: removeAlias),
        ]
    }

    private var root: String { "/v1/registry/models" }
    private var project: [(name: String, meaning: String)] { [("project", "The model's project; default without it.")] }
    private var registry: ModelRegistry { administration.registry }

    /// `GET /v1/registry/models` → `[ModelV1]`, by name: those that the token may see.
    @Sendable private func list(_: Request, _ context: AdministrationContext) async throws -> Response {
        let principal = try context.principal()
        var models: [ModelV1] = []
        for model in try await registry.models() where principal.sees(model.project) {
            models.append(try await wire(model))
        }
        return try .json(models)
    }

    /// `GET /v1/registry/models/{model}?project=` → `ModelV1`, or problem `REG-001`.
    @Sendable private func show(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        try .json(try await wire(model(request, context)))
    }

    /// `POST /v1/registry/models/{model}/versions`, `RegisterVersionV1` → `ModelVersionV1`; problem `REG-007`, or
    /// `REG-014` for a project that is not there and that the token does not make.
    @Sendable private func register(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let body = try await request.decoded(as: RegisterVersionV1.self)
        let model = ModelReference(
            project: context.project, name: try context.name("model", as: ModelName.self))
        // Before anything is registered.
        let run = try await known(body.run, in: model.project)
        if let number = body.version {
            let (bundle, provenance) = (try digest(body.manifest), try digest(body.provenance))
            let manifest = try await administration.rollouts.manifest(of: bundle, provenance: provenance)
            let version = try await administration.registrations.attach(
                manifest: bundle, provenance: provenance, origin: manifest.proof?.origin, to: number, of: model,
                by: context.actor)
            return try .json(try await linked(version, to: run, by: context.actor), status: .created)
        }
        let version = try await administration.rollouts.register(
            model: model, manifest: digest(body.manifest), provenance: digest(body.provenance),
            makingProject: context.principal().mayMake(model.project), by: context.actor)
        return try .json(try await linked(version, to: run, by: context.actor), status: .created)
    }

    /// - Throws: `TRK-002` for a run that the project does not have.
    private func known(_ run: String?, in project: ProjectName) async throws -> String? {
        guard let run else { return nil }
        guard let id = RunID(run) else { throw TrackingError.unknownRun(run) }
        return try await administration.tracking.in(project).runInfo(id).id.text
    }

    private func linked(_ version: ModelVersion, to run: String?, by actor: String) async throws -> ModelVersionV1 {
        guard let run else { return ModelVersionV1(version) }
        let record = try await administration.registrations.setRun(
            run, of: version.number, model: version.model, by: actor)
        return ModelVersionV1(version, run: record.registration.run)
    }

    /// `GET /v1/registry/models/{model}/versions/{version}` → `ModelVersionV1`; a number, `@alias` or `sha256:…`.
    @Sendable private func version(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let selector = try VersionSelector(context.parameters.require("version"))
        let version = try await registry.version(selector, of: model(request, context))
        let record = try await administration.registrations.version(version.number, of: version.model)
        return try .json(ModelVersionV1(version, run: record.registration.run))
    }

    /// `GET /v1/registry/models/{model}/versions/{version}/provenance` → `ProvenanceV1`.
    @Sendable private func provenance(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let selector = try VersionSelector(context.parameters.require("version"))
        let version = try await registry.version(selector, of: model(request, context))
        guard let digest = version.provenance else { throw withoutBundle(version) }
        let document = try await administration.blobs.read(digest, limit: 16 << 20)
        return try .json(JSONDecoder().decode(ProvenanceV1.self, from: Data(document)))
    }

    /// `GET /v1/registry/models/{model}/versions/{version}/graph` → the bundle's `graph.json`; problem `IN-010` for another
    /// kind of model.
    @Sendable private func graph(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let selector = try VersionSelector(context.parameters.require("version"))
        let version = try await registry.version(selector, of: model(request, context))
        guard let bundle = version.bundle else { throw withoutBundle(version) }
        let manifest = try BundleManifest(manifest: await administration.blobs.read(bundle, limit: 16 << 20))
        guard manifest.engine == EngineName.graph, let file = manifest.file(manifest.model) else {
            throw Refusal(
                .unsupportedOption, .invalidInput,
                "Version \(version.number) of “\(version.model)” is no graph: \(manifest.engine) runs it as it is.",
                hint: "docs/how-to/graphs.md says how one is written.")
        }
        let document = try await administration.blobs.read(file.digest, limit: 64 << 20)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: document)))
    }

    /// `GET /v1/registry/models/{model}/versions/{version}/files` → `RegisteredFilesV1`, or problem `TRK-004` where they are
    /// kept elsewhere.
    @Sendable private func files(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let model = try model(request, context)
        let version = try await registry.version(VersionSelector(context.parameters.require("version")), of: model)
        let record = try await administration.registrations.version(version.number, of: model)
        let artifacts = MLflowArtifacts(
            tracking: administration.tracking, registrations: administration.registrations,
            blobs: administration.blobs)
        let files = try await artifacts.files(of: record)
        return try .json(
            RegisteredFilesV1(
                version: version.number, run: record.registration.run,
                files: files.map { path, artifact in
                    RegisteredFilesV1.File(
                        path: path, place: artifact.path.text, digest: artifact.content.description,
                        bytes: artifact.byteCount)
                }))
    }

    private func withoutBundle(_ version: ModelVersion) -> Refusal {
        Refusal(
            .versionNotReady, .conflict, "Version \(version.number) of “\(version.model)” has no bundle yet.",
            hint: "Pack and register one.")
    }

    /// `PUT /v1/registry/models/{model}/aliases/{alias}`, `SetAliasV1` → `ModelV1`.
    @Sendable private func setAlias(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let model = try model(request, context)
        let body = try await request.decoded(as: SetAliasV1.self)
        try await administration.setAlias(
            try context.name("alias", as: AliasName.self), of: model, to: .number(body.version), by: context.actor)
        return try .json(try await wire(model))
    }

    /// `DELETE /v1/registry/models/{model}/aliases/{alias}` → `ModelV1`, or problem `REG-004`.
    @Sendable private func removeAlias(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let model = try model(request, context)
        try await registry.removeAlias(
            try context.name("alias", as: AliasName.self), of: model, by: context.actor)
        return try .json(try await wire(model))
    }

    private func model(_ request: Request, _ context: AdministrationContext) throws -> ModelReference {
        ModelReference(project: try request.project(), name: try context.name("model", as: ModelName.self))
    }

    private func wire(_ model: ModelReference) async throws -> ModelV1 {
        ModelV1(
            model: model, versions: try await registry.versions(of: model),
            aliases: try await registry.aliases(of: model))
    }
}

/// A digest as a caller writes it.
///
/// - Throws: `IN-005` when it is none.
func digest(_ text: String) throws(Refusal) -> Digest {
    guard let digest = Digest(text) else {
        throw Refusal(
            .wrongType, .invalidInput, "“\(text.prefix(100))” is no digest.",
            hint: "Write sha256: and 64 lower-case hexadecimal digits.")
    }
    return digest
}
