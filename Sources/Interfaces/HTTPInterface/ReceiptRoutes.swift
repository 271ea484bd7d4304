// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry
internal import NIOCore
internal import PredictionLogging
internal import Tensors

/// What a prediction came of, and what it comes to when it is computed again.
struct ReceiptRoutes: Sendable {
    let log: PredictionLog
    let replay: PredictionReplay
    let administration: Administration

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/predictions/:prediction/receipt", needs: [.develop, .decide], of: .common,
                "What a prediction came of: version, engine, deployment, code and data; and whether it can be computed again.",
                use: receipt),
            AdministrationRoute(
                .post, "/v1/predictions/:prediction/replay", needs: [.develop, .decide], of: .common,
                "Computes a prediction again, and compares.", query: [other], use: replayOne),
            AdministrationRoute(
                .post, "/v1/replays", needs: [.develop, .decide], of: .common,
                "Computes predictions again, newest first, and compares; they are chosen as in `/v1/predictions`.",
                query: [other, ("limit", "How many, 1 to 10000; 1000 without it.")], use: replayMany),
        ]
    }

    private var other: (name: String, meaning: String) {
        ("with", "MODEL@VERSION or PROJECT/MODEL@VERSION: what that would have said, in the place of what answered.")
    }

    /// `GET /v1/predictions/{id}/receipt`, or problem `LOG-002`.
    @Sendable private func receipt(_: Request, _ context: AdministrationContext) async throws -> Response {
        let record = try await log.record(named: context)
        let schema = record.schema
        let version = try? await administration.registry.version(.number(schema.version), of: schema.model)
        let deployments = try? await administration.registry.deployments(of: schema.endpoint, in: schema.project)
        let deployment = deployments?.first { $0.generation == schema.generation }
        var provenance: JSONValue?
        if let digest = version?.provenance, version?.bundle == schema.bundle,
            let bytes = try? await administration.blobs.read(digest, limit: 16 << 20)
        {
            provenance = try? JSONValue.parse(bytes)
        }
        return .json(
            .record([
                ("prediction", try record.json), ("replayable", .string(record.replayability.word)),
                ("because", record.replayability.reason.map(JSONValue.string)),
                (
                    "engine",
                    schema.engine.map {
                        ["name": .string($0.name), "version": .string($0.version), "build": .string($0.build)]
                    }
                ),
                ("registered", version.map(\.receipt)), ("deployment", deployment.map(\.receipt)),
                ("provenance", provenance),
            ]))
    }

    /// `POST /v1/predictions/{id}/replay?with=…`, or problem `LOG-002`.
    @Sendable private func replayOne(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let record = try await log.record(named: context)
        let outcome = try await replay.replay([record], with: other(in: request, context)).first
        return .json(try outcome?.json ?? .null)
    }

    /// `POST /v1/replays?endpoint=…&with=…` → counts, and what differs: at most 100.
    @Sendable private func replayMany(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let limit = try request.queryNumber("limit", in: 1...10_000, standard: 1000)
        var query = try request.predictionQuery(besides: ["with"])
        // What was refused has no answer to compare with.
        query.status = .answered
        let records = try await log.records(query, limit: limit, isVisible: try context.visibleEndpoints())
        let outcomes = try await replay.replay(records, with: other(in: request, context))
        let counts = PredictionReplay.Outcome.Kind.allCases.map { kind in
            (name: kind.rawValue, value: JSONValue.integer(Int64(outcomes.count { $0.kind == kind })))
        }
        let reasons = outcomes.filter { $0.kind == .notReplayed }.reduce(into: [String: Int]()) {
            $0[$1.reason ?? "", default: 0] += 1
        }
        return .json(
            .record([
                ("predictions", .integer(Int64(outcomes.count))), ("counts", .object(counts)),
                (
                    "not_replayed",
                    .object(reasons.sorted { $0.value > $1.value }.map { ($0.key, .integer(Int64($0.value))) })
                ),
                ("different", .array(try outcomes.filter { $0.kind == .different }.prefix(100).map { try $0.json })),
            ]))
    }

    private func other(in request: Request, _ context: AdministrationContext) async throws -> Digest? {
        guard let text = request.uri.queryParameters["with"].map(String.init) else { return nil }
        let (model, selector) = try versionNamed(text)
        guard try context.principal().sees(model.project) else {
            throw RegistryError.unknownModel("\(model)", closest: nil)
        }
        guard let bundle = try await administration.registry.version(selector, of: model).bundle else {
            throw Refusal(
                .contentMissing, .conflict, "“\(text)” has no bundle to compute with.",
                hint: "Deploy it once, or pack it with `slipway pack`.")
        }
        return bundle
    }
}

/// `churn@7`, `growth/churn@champion`.
private func versionNamed(_ text: String) throws -> (ModelReference, VersionSelector) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
        throw Refusal(
            .outOfRange, .invalidInput, "“with” is “\(text.prefix(40))”.",
            hint: "Write MODEL@VERSION: a number, or the name of an alias.", details: [.init("field", "with")])
    }
    let names = parts[0].split(separator: "/", maxSplits: 1).map(String.init)
    let model = ModelReference(
        project: names.count == 2 ? try ProjectName(names[0]) : .standard, name: try ModelName(names.last ?? ""))
    let isAlias = parts[1].first.map { !$0.isNumber } ?? false
    return (model, try VersionSelector(isAlias && !parts[1].hasPrefix("sha256:") ? "@\(parts[1])" : parts[1]))
}

extension ModelVersion {
    fileprivate var receipt: JSONValue {
        .record([
            ("bundle", bundle.map { .string($0.hex) }), ("at", .string(createdAt.text)), ("by", .string(createdBy)),
            ("proof", origin.map { .string($0.rawValue) }),
        ])
    }
}

extension Deployment {
    fileprivate var receipt: JSONValue {
        .record([
            ("generation", .integer(Int64(generation))), ("version", .integer(Int64(version))),
            ("restores", restores.map { .integer(Int64($0)) }), ("at", .string(createdAt.text)),
            ("by", .string(createdBy)),
        ])
    }
}

extension PredictionReplay.Outcome {
    fileprivate var json: JSONValue {
        get throws {
            .record([
                ("id", .string("\(record.id)")), ("version", .integer(Int64(record.schema.version))),
                ("result", .string(kind.rawValue)), ("reason", reason.map(JSONValue.string)),
                ("was", try record.rows(record.readable(record.answers))),
                ("is", try record.rows(record.readable(outputs))),
            ])
        }
    }
}
