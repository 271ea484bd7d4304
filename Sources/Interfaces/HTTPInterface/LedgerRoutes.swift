// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelRegistry
internal import WireTypes

/// `/v1/ledger`: what was changed, by whom, and whether the record is whole.
struct LedgerRoutes: Sendable {
    let registry: ModelRegistry

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/ledger", needs: .view, of: .platform, "What was changed, by whom; oldest first.",
                query: [("from", "The first entry."), ("limit", "How many, 1 to 1000; 100 without it.")],
                gives: LedgerV1.self, use: list),
            AdministrationRoute(
                .get, "/v1/ledger/verification", needs: .view, of: .platform,
                "Compute the ledger's chain again, and compare.",
                gives: LedgerVerificationV1.self, use: verify),
        ]
    }

    /// `GET /v1/ledger?from=0&limit=100` → `LedgerV1`, oldest first.
    @Sendable private func list(_ request: Request, _: AdministrationContext) async throws -> Response {
        let sequence = try request.queryNumber("from", in: 0...Int.max, standard: 0)
        let limit = try request.queryNumber("limit", in: 1...1000, standard: 100)
        let entries = try await registry.ledger(from: sequence, limit: limit)
        return try .json(LedgerV1(entries: entries.map(LedgerV1.Entry.init)))
    }

    /// `GET /v1/ledger/verification` → `LedgerVerificationV1`, or problem `REG-010` with the first entry that is broken.
    @Sendable private func verify(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(LedgerVerificationV1(verifiedEntries: try await registry.verifyLedger()))
    }
}
