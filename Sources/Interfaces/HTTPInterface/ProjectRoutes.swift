// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelRegistry
internal import WireTypes

/// `/v1/projects`: the namespaces that models and endpoints live in, and that tokens can be confined to.
struct ProjectRoutes: Sendable {
    let registry: ModelRegistry

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/projects", needs: .view, of: .common, "The projects.", gives: [ProjectV1].self, use: list),
            AdministrationRoute(
                .post, "/v1/projects", needs: .administer, of: .platform, "Make a project.",
                takes: CreateProjectV1.self, gives: ProjectV1.self, status: 201, use: create),
            AdministrationRoute(
                .delete, "/v1/projects/:project", needs: .administer, of: .platform,
                "Remove a project that is empty.", status: 204, use: remove),
        ]
    }

    /// `GET /v1/projects` → `[ProjectV1]`, by name: those that the token is for.
    @Sendable private func list(_: Request, _ context: AdministrationContext) async throws -> Response {
        let own = try context.principal().scope.project
        return try .json(try await registry.projects().filter { own == nil || own == $0.name }.map(ProjectV1.init))
    }

    /// `POST /v1/projects`, `CreateProjectV1` → `ProjectV1`, with 200 where it was there.
    @Sendable private func create(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try name(try await request.decoded(as: CreateProjectV1.self).name)
        let (project, isNew) = try await registry.createProject(name, by: context.actor)
        return try .json(ProjectV1(project), status: isNew ? .created : .ok)
    }

    /// `DELETE /v1/projects/{project}` → nothing, or problem `REG-014` or `REG-015`.
    @Sendable private func remove(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await registry.removeProject(context.name("project", as: ProjectName.self), by: context.actor)
        return Response(status: .noContent)
    }
}

// Not inlined into an `async` function: see `AdministrationContext.name(_:as:)`.
@inline(never)
private func name(_ text: String) throws -> ProjectName { try ProjectName(text) }
