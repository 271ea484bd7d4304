// SPDX-License-Identifier: Apache-2.0
internal import ContentRetention
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import WireTypes

/// `/v1/retention`: what nothing needs any more, and where it goes.
struct RetentionRoutes: Sendable {
    let keeper: ContentKeeper

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/retention", needs: .administer, of: .platform, "What clearing away would do now.",
                gives: SweepV1.self, use: plan),
            AdministrationRoute(
                .post, "/v1/retention/sweeps", needs: .administer, of: .platform,
                "Clear away: what nothing needs goes to the trash, and what was there long enough is deleted.",
                gives: SweepV1.self, use: sweep),
            AdministrationRoute(
                .get, "/v1/retention/trash", needs: .administer, of: .platform, "What is in the trash, newest first.",
                gives: [TrashedContentV1].self, use: trash),
            AdministrationRoute(
                .delete, "/v1/retention/trash", needs: .administer, of: .platform,
                "Delete for good what is in the trash; what is needed comes back.", gives: SweepV1.self, use: empty),
            AdministrationRoute(
                .post, "/v1/retention/trash/:digest/return", needs: .administer, of: .platform,
                "Bring a content back from the trash.", status: 204, use: bringBack),
        ]
    }

    /// `GET /v1/retention` → `SweepV1`, or problem `RET-001`.
    @Sendable private func plan(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(SweepV1(try await keeper.plan()))
    }

    /// `POST /v1/retention/sweeps` → `SweepV1`, or problem `RET-001`.
    @Sendable private func sweep(_: Request, _ context: AdministrationContext) async throws -> Response {
        try .json(SweepV1(try await keeper.sweep(by: context.actor)))
    }

    /// `GET /v1/retention/trash` → `[TrashedContentV1]`.
    @Sendable private func trash(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(
            try await keeper.trash().map {
                TrashedContentV1(digest: $0.digest.description, bytes: $0.byteCount, movedAt: $0.time.text)
            })
    }

    /// `DELETE /v1/retention/trash` → `SweepV1`, or problem `RET-001`.
    @Sendable private func empty(_: Request, _ context: AdministrationContext) async throws -> Response {
        try .json(SweepV1(try await keeper.emptyTrash(by: context.actor)))
    }

    /// `POST /v1/retention/trash/{digest}/return` → nothing, or problem `REG-007`.
    @Sendable private func bringBack(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await keeper.bringBack(digest(context.parameters.require("digest")), by: context.actor)
        return Response(status: .noContent)
    }
}
