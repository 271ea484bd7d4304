// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import PlatformReplicas
internal import WireTypes

/// `/v1/replicas`: the servers of the platform.
struct ReplicaRoutes: Sendable {
    let replicas: Replicas

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/replicas", needs: .administer, of: .platform,
                "The servers of the platform, what each has at the endpoints, and what it does alone.",
                gives: [ReplicaV1].self, use: list)
        ]
    }

    /// `GET /v1/replicas` → `[ReplicaV1]`, the first to start first.
    @Sendable private func list(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(try await replicas.all().map(ReplicaV1.init))
    }
}
