// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelRegistry
internal import ModelRollouts
internal import WireTypes

/// `/v1/endpoints`: what answers where, deploying and rolling back.
struct EndpointRoutes: Sendable {
    let administration: Administration

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/endpoints", needs: .view, of: .common, "The endpoints.", gives: [EndpointV1].self, use: list),
            AdministrationRoute(
                .get, "/v1/endpoints/:endpoint", needs: .view, of: .endpoint,
                "An endpoint with its deployments, newest first.",
                gives: EndpointHistoryV1.self, use: show),
            AdministrationRoute(
                .patch, "/v1/endpoints/:endpoint", needs: .decide, of: .endpoint,
                "Change settings of an endpoint.",
                takes: ConfigureEndpointV1.self, gives: EndpointV1.self, use: configure),
            AdministrationRoute(
                .delete, "/v1/endpoints/:endpoint", needs: .decide, of: .endpoint,
                "Remove an endpoint; its model stays.", status: 204, use: remove),
            AdministrationRoute(
                .post, "/v1/endpoints/:endpoint/deployments", needs: .decide, of: .endpointInBodysProject,
                "Have an endpoint answer with a version.", takes: DeployV1.self, gives: DeployedV1.self, use: deploy),
            AdministrationRoute(
                .post, "/v1/endpoints/:endpoint/rollback", needs: .decide, of: .endpoint,
                "Have an endpoint answer with the version before.", takes: RollBackV1.self, gives: DeployedV1.self,
                use: rollBack),
        ]
    }

    /// `GET /v1/endpoints` → `[EndpointV1]`, by name: those that the token may see.
    @Sendable private func list(_: Request, _ context: AdministrationContext) async throws -> Response {
        let service = administration.inference
        return try .json(
            service.table.endpoints(for: context.principal()).map { EndpointV1($0.state, on: service) })
    }

    /// `GET /v1/endpoints/{endpoint}` → `EndpointHistoryV1`, or problem `REG-003`.
    @Sendable private func show(_: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let state = try administration.inference.table.endpoint(name.rawValue)
        let deployments = try await administration.registry.deployments(of: name, in: state.record.project)
        return try .json(
            EndpointHistoryV1(
                endpoint: EndpointV1(state, on: administration.inference),
                deployments: deployments.map(DeploymentV1.init)))
    }

    /// `PATCH /v1/endpoints/{endpoint}`, `ConfigureEndpointV1` → `EndpointV1`; problem `IN-002` or `IN-006` for a
    /// setting that cannot be read.
    @Sendable private func configure(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let body = try await request.decoded(as: ConfigureEndpointV1.self)
        let state = try await administration.rollouts.configure(
            name, try settings(body.settings), resetting: body.reset ?? false, by: context.actor,
            reason: body.reason)
        return try .json(EndpointV1(state, on: administration.inference))
    }

    /// `POST /v1/endpoints/{endpoint}/deployments`, `DeployV1` → `DeployedV1`, or why the version cannot answer there.
    @Sendable private func deploy(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let body = try await request.decoded(as: DeployV1.self)
        let model = ModelReference(
            project: context.project, name: try ModelName(body.model))
        let outcome = try await administration.rollouts.deploy(
            model, version: body.version, to: name, settings: try settings(body.settings ?? [:]), by: context.actor,
            reason: body.reason)
        return try .json(DeployedV1(outcome, on: administration.inference))
    }

    /// `POST /v1/endpoints/{endpoint}/rollback`, `RollBackV1` or nothing → `DeployedV1`, or problem `REG-006`.
    @Sendable private func rollBack(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let reason = try await request.decodedIfPresent(as: RollBackV1.self)?.reason
        let outcome = try await administration.rollouts.rollBack(name, by: context.actor, reason: reason)
        return try .json(DeployedV1(outcome, on: administration.inference))
    }

    /// `DELETE /v1/endpoints/{endpoint}` → nothing, or problem `REG-003`.
    @Sendable private func remove(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await administration.rollouts.remove(context.name("endpoint", as: EndpointName.self), by: context.actor)
        return Response(status: .noContent)
    }
}

extension DeployedV1 {
    fileprivate init(_ outcome: DeploymentOutcome, on service: InferenceService) {
        self.init(
            endpoint: EndpointV1(outcome.state, on: service), deployment: DeploymentV1(outcome.deployment),
            replacedVersion: outcome.replaced, unchanged: outcome.unchanged,
            drained: outcome.drained.map(DrainedV1.init))
    }
}

extension DrainedV1 {
    fileprivate init(_ drained: DrainedVersion) {
        self.init(
            version: drained.version, accepted: drained.accepted, answered: drained.answered,
            milliseconds: drained.duration.milliseconds, memoryReturned: drained.isMemoryReturned,
            summary: drained.summary)
    }
}

// Not inlined into an `async` function: see `AdministrationContext.name(_:as:)`.
@inline(never)
private func settings(_ texts: [String: String]) throws -> [EndpointSettings.Key: String] {
    try EndpointSettings.keyed(texts)
}
