// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceServing
internal import ModelDomain
internal import ModelRollouts

/// `/models`: loading and unloading, as SageMaker asks a container that serves several models. Only there, where nobody
/// but the platform reaches the server; predictions at `/models/NAME/invoke` are answered on the event loop.
struct ContainerModelRoutes: Sendable {
    let administration: Administration
    /// Deploys a folder of the container.
    let deploy: @Sendable (_ folder: String, _ endpoint: EndpointName) async throws -> Void

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .post, "/models", access: .open, "Load a model of the container.", takes: LoadedModel.Order.self,
                use: load),
            AdministrationRoute(
                .get, "/models", access: .open, "The models that are loaded.", gives: ModelList.self, use: list),
            AdministrationRoute(
                .get, "/models/:endpoint", access: .open, "One of them.", gives: LoadedModel.self, use: show),
            AdministrationRoute(.delete, "/models/:endpoint", access: .open, "Unload a model.", use: unload),
        ]
    }

    /// `POST /models`, `{"model_name", "url"}` → 200; 409 when a model of that name is loaded, 507 when there is no
    /// memory for it, on which the platform unloads another.
    @Sendable private func load(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let order = try await request.decoded(as: LoadedModel.Order.self)
        let name = try endpointName(order.model_name)
        guard administration.inference.table.endpoints[name.rawValue] == nil else {
            throw Refusal(
                .badName, .conflict, "“\(name)” is loaded already.",
                hint: "Unload it first with DELETE /models/\(name).")
        }
        try await deploy(order.url, name)
        return try .json([String: String]())
    }

    /// `GET /models` → `{"models": […]}`
    @Sendable private func list(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(ModelList(models: administration.inference.table.endpoints.keys.sorted().map(LoadedModel.init)))
    }

    /// `GET /models/{name}`, or problem `REG-003`.
    @Sendable private func show(_: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        _ = try administration.inference.table.endpoint(name.rawValue)
        return try .json(LoadedModel(modelName: name.rawValue))
    }

    /// `DELETE /models/{name}`, or problem `REG-003`.
    @Sendable private func unload(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await administration.rollouts.remove(context.name("endpoint", as: EndpointName.self), by: context.actor)
        return try .json([String: String]())
    }
}

// Not inlined into an `async` function: see `AdministrationContext.name(_:as:)`.
@inline(never)
private func endpointName(_ text: String) throws -> EndpointName { try EndpointName(text) }

/// A model in the words of SageMaker.
struct LoadedModel: Codable, Sendable {
    /// What shall be loaded: names that SageMaker has chosen.
    struct Order: Codable, Sendable {
        let model_name: String
        let url: String
    }

    let modelName: String
}

struct ModelList: Codable, Sendable {
    let models: [LoadedModel]
}
