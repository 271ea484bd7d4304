// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import ModelDomain
internal import ModelRollouts
internal import NIOCore
internal import Tensors

/// `/v2/repository/models`: taking endpoints out of service and back, in the words of the Open Inference Protocol.
struct RepositoryRoutes: Sendable {
    let administration: Administration

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .post, "/v2/repository/models/:endpoint/load", needs: .decide, of: .endpoint,
                "Load what is deployed at an endpoint again, and have it prove itself.", use: load),
            AdministrationRoute(
                .post, "/v2/repository/models/:endpoint/unload", needs: .decide, of: .endpoint,
                "Take an endpoint out of service until it is loaded, or the server starts again.", use: unload),
        ]
    }

    /// `POST /v2/repository/models/{endpoint}/load` → nothing, once the version has proven itself again; or an error
    /// that says “failed to load”, as Triton's does.
    @Sendable private func load(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        try await checkParameters(of: request)
        do {
            _ = try await administration.rollouts.load(
                context.name("endpoint", as: EndpointName.self), by: context.actor)
        } catch let error as any ExplainedError {
            let reason = error.explanation
            let name = try context.parameters.require("endpoint")
            throw Refusal(
                reason.code, reason.kind, "failed to load “\(name.prefix(100))”: \(reason.message)", hint: reason.hint,
                details: reason.details)
        }
        return done
    }

    /// `POST /v2/repository/models/{endpoint}/unload` → nothing, once no request reaches it any more.
    @Sendable private func unload(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        try await checkParameters(of: request)
        try await administration.rollouts.unload(
            context.name("endpoint", as: EndpointName.self), by: context.actor)
        return done
    }

    private var done: Response {
        Response(status: .ok, headers: [.contentType: "application/json", .contentLength: "0"])
    }

    /// Refuses what would load something else than what is deployed.
    private func checkParameters(of request: Request) async throws {
        let body = try await request.body.collect(upTo: Request.administrationBodyLimit)
        guard body.readableBytes > 0 else { return }
        let value = try unsafe body.withUnsafeReadableBytes { try unsafe JSONValue.parse($0, limits: .small) }
        for (name, _) in value["parameters"]?.members ?? [] where name != "unload_dependents" {
            throw unsupportedRepositoryParameter(name)
        }
    }
}
