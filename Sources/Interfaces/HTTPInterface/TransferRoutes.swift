// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelRegistry
internal import ModelTransfer
internal import NIOCore
internal import WireTypes

/// Versions with all that they come from, on their way from one platform to another. Rows of examples are among it, and what
/// others recorded: both ways need whoever administers the project.
struct TransferRoutes: Sendable {
    let registry: ModelRegistry
    let out: ModelExport
    let into: ModelImport

    private var version: String { "/v1/registry/models/:model/versions/:version" }
    private var project: [(name: String, meaning: String)] { [("project", "The model's project; default without it.")] }

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "\(version)/export", needs: .administer, of: .queriedProject,
                "Write a version down with its lineage; the digests in it are fetched one by one.", query: project,
                use: write),
            AdministrationRoute(
                .get, "\(version)/export/:digest", needs: .administer, of: .queriedProject,
                "A content of a version that was written down.", query: project, use: content),
            AdministrationRoute(
                .post, "/v1/registry/models/:model/imports", needs: .administer, of: .queriedProject,
                "Take in a version that another platform wrote down.", query: project, takes: ImportModelV1.self,
                gives: ImportedModelV1.self, use: take),
        ]
    }

    /// `GET …/versions/{version}/export` → `model.json`, or problem `REG-012`, `REG-007`.
    @Sendable private func write(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let model = try model(request, context)
        let document = try await out.document(
            VersionSelector(context.parameters.require("version")), of: model, tool: Product.nameAndVersion)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: document.bytes)))
    }

    /// `GET …/versions/{version}/export/{digest}` → the bytes, or problem `REG-007`.
    @Sendable private func content(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let model = try model(request, context)
        let digest = try digest(context.parameters.require("digest"))
        let version = try await registry.version(VersionSelector(context.parameters.require("version")), of: model)
        let pieces = try await out.pieces(of: digest, version: version.number, of: model)
        return Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: ResponseBody { writer in
                while let piece = try await pieces() { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }

    /// `POST /v1/registry/models/{model}/imports`, `ImportModelV1` → `ImportedModelV1`, or problem `BAK-001`, `REG-007`,
    /// `TRK-011`.
    @Sendable private func take(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let model = try model(request, context)
        let body = try await request.decoded(as: ImportModelV1.self)
        let outcome = try await into.take(
            digest(body.document), named: model.name, into: model.project, by: context.actor)
        return try .json(
            ImportedModelV1(
                model: outcome.model.name.rawValue, project: outcome.model.project.rawValue, version: outcome.number,
                bundle: outcome.bundle.description, isNew: outcome.isNew, run: outcome.run,
                loggedModel: outcome.loggedModel))
    }

    private func model(_ request: Request, _ context: AdministrationContext) throws -> ModelReference {
        ModelReference(project: try request.project(), name: try context.name("model", as: ModelName.self))
    }
}
