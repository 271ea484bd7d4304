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
                .get, "/v1/ledger/endpoints/:name", needs: .view, of: .platform,
                "What answered at an endpoint at some moment; also at one that was removed.",
                query: [
                    ("at", "The moment: \(Timestamp.form); now without it."),
                    ("project", "The endpoint's project; default without it."),
                ], gives: EndpointMomentV1.self, use: asOf),
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

    /// `GET /v1/ledger/endpoints/{name}?at=` → `EndpointMomentV1`, or problem `IN-006` for what is no moment.
    @Sendable private func asOf(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("name", as: EndpointName.self)
        let project = try request.project()
        let time = try request.moment("at") ?? registry.time
        let moment = try await registry.answering(at: name, in: project, time: time)
        return try .json(
            EndpointMomentV1(
                endpoint: name.rawValue, project: project.rawValue, at: time.text, version: moment.version,
                bundle: moment.bundle, because: moment.because, registered: moment.registered))
    }

    /// `GET /v1/ledger/verification` → `LedgerVerificationV1`, or problem `REG-010` with the first entry that is broken.
    @Sendable private func verify(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(LedgerVerificationV1(verifiedEntries: try await registry.verifyLedger()))
    }
}

extension Request {
    /// A moment of the query; `nil` when it is not there.
    fileprivate func moment(_ name: String) throws(Refusal) -> Timestamp? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard let time = Timestamp(String(text)) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“\(name)” is “\(text.prefix(40))”.",
                hint: "Write it as \(Timestamp.form).",
                details: [.init("field", name)])
        }
        return time
    }
}
