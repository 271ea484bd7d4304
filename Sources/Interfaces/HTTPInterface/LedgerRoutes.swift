// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelRegistry
internal import NIOCore
internal import Tensors
internal import WireTypes

/// `/v1/ledger`: what was changed, by whom, and the proofs that the record is whole.
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
                "Compute the ledger's chain and tree again, and compare.",
                query: [("head", "SIZE:ROOT that was kept: whether the ledger still extends it.")],
                gives: LedgerVerificationV1.self, use: verify),
            AdministrationRoute(
                .get, "/v1/ledger/head", needs: .view, of: .platform,
                "What the whole ledger comes to now, to be kept elsewhere.", gives: LedgerHeadV1.self, use: head),
            AdministrationRoute(
                .get, "/v1/ledger/entries/:sequence/proof", needs: .view, of: .platform,
                "Show that an entry is in the ledger.",
                query: [("size", "Of the tree to show it in; the whole ledger without it.")],
                gives: LedgerProofV1.self, use: prove),
            AdministrationRoute(
                .get, "/v1/ledger/export", needs: .view, of: .platform,
                "The whole ledger as JSON lines, which can be checked anywhere.", use: export),
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

    /// `GET /v1/ledger/verification?head=SIZE:ROOT` → `LedgerVerificationV1`, or problem `REG-010` with what was changed.
    @Sendable private func verify(_ request: Request, _: AdministrationContext) async throws -> Response {
        let head = try request.head("head")
        let verified = try await registry.verifyLedger(extending: head)
        return try .json(LedgerVerificationV1(verified.head, consistency: head == nil ? nil : verified.consistency))
    }

    /// `GET /v1/ledger/head` → `LedgerHeadV1`, or problem `REG-010`: there is no head of a ledger that was changed.
    @Sendable private func head(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(LedgerHeadV1(try await registry.verifyLedger().head))
    }

    /// `GET /v1/ledger/entries/{sequence}/proof?size=` → `LedgerProofV1`, or problem `IN-006`, `REG-010`.
    @Sendable private func prove(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let text = try context.parameters.require("sequence")
        guard let sequence = Int(text), sequence >= 0 else {
            throw Refusal(
                .outOfRange, .invalidInput, "“\(text.prefix(40))” is no number of an entry.",
                hint: "Entries are numbered from 0.", details: [.init("field", "sequence")])
        }
        let size = try request.queryNumber("size", in: 0...Int.max, standard: -1)
        return try .json(LedgerProofV1(try await registry.proveEntry(sequence, size: size < 0 ? nil : size)))
    }

    /// `GET /v1/ledger/export` → JSON lines: the schema, every entry as it lies there, and the head at the end. What is no
    /// longer what was written is exported like everything else: whoever reads it finds out.
    @Sendable private func export(_: Request, _: AdministrationContext) async throws -> Response {
        let registry = registry
        return Response(
            status: .ok, headers: [.contentType: "application/jsonl"],
            body: ResponseBody { writer in
                try await writer.write(lines([.beginning]))
                var audit = LedgerAudit()
                var newest: Int?
                while true {
                    let page = try await registry.ledgerRows(after: newest, limit: 500)
                    guard let last = page.last else { break }
                    for row in page { audit.take(row) }
                    try await writer.write(lines(page.map(LedgerLine.entry)))
                    newest = last.sequence
                }
                try await writer.write(lines([.head(audit.head(at: registry.time))]))
                try await writer.finish(nil)
            })
    }
}

private func lines(_ lines: [LedgerLine]) -> ByteBuffer {
    ByteBuffer(bytes: lines.flatMap { $0.json.canonical + [0x0A] })
}

extension Request {
    /// A head of the query; `nil` when it is not there.
    fileprivate func head(_ name: String) throws(Refusal) -> LedgerHead? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard let head = LedgerHead(String(text)) else { throw LedgerHead.unreadable }
        return head
    }

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
