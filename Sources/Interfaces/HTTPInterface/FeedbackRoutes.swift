// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import GroundTruth
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import PredictionLogging
internal import Tensors

/// Labels: how they come, and which rows are worth one.
struct FeedbackRoutes: Sendable {
    private static let bodyLimit = MLflowRoutes.bodyLimit

    let labels: Labels
    let inference: InferenceService

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .post, "/v1/feedback", needs: .predict, of: .common,
                "Say what turned out to be true of predictions: one label, a batch, JSON lines or CSV.",
                query: [("endpoint", "For labels that do not name theirs, as those in CSV.")], use: take),
            AdministrationRoute(
                .get, "/v1/endpoints/:endpoint/sample", needs: [.develop, .decide], of: .endpoint,
                "Rows worth labelling, with what was asked and answered.",
                query: [
                    ("by", "random, or uncertain for those that the model was least sure of; random without it."),
                    ("count", "How many, 1 to 10000; 100 without it."),
                    ("since", "Of predictions from then on, as RFC 3339; of the last 30 days without it."),
                ], use: sample),
        ]
    }

    /// `POST /v1/feedback` → counts, and the first 100 problems with their positions. One label that is refused is a problem:
    /// `LBL-001` to `LBL-004`.
    @Sendable private func take(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let named = request.uri.queryParameters["endpoint"].map(String.init)
        let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.lowercased() }
        // What nobody may send is not collected.
        if let named { _ = try permitted(named, context) }
        let body = [UInt8](buffer: try await request.body.collect(upTo: Self.bodyLimit))
        var reader = FeedbackReader(endpoint: named)
        switch type?.trimmingPrefix(while: \.isWhitespace).split(separator: " ").first {
        case "text/csv": try reader.read(csv: body)
        case "application/jsonl", "application/x-ndjson", "application/x-jsonlines": try reader.read(lines: body)
        case nil, "application/json": try reader.read(json: body)
        case let other?:
            throw UnreadableType(
                "“\(other.prefix(100))” is not read here.",
                hint: "Send application/json, application/jsonl or text/csv.")
        }
        // All of them, before any label is kept.
        let places = try reader.endpoints.map { (try permitted($0.name, context), $0.feedback) }
        var receipt = FeedbackReceipt()
        for (state, feedback) in places {
            receipt.add(
                try await labels.receive(
                    feedback, for: LabelledEndpoint(state.record.name, in: state.record.project),
                    current: state.live?.version.bundle, by: context.actor))
        }
        for (position, refusal) in reader.refused { receipt.refuse(position, refusal) }
        receipt.sortProblems()
        if reader.isSingle, receipt.accepted == 0, let problem = receipt.problems.first {
            throw Refusal(problem.explanation)
        }
        return .json(receipt.json(empty: reader.empty))
    }

    private func permitted(_ name: String, _ context: AdministrationContext) throws -> EndpointState {
        let table = inference.table
        try context.principal().require(.predict, of: table.resource(of: name))
        return try table.endpoint(name)
    }

    /// `GET /v1/endpoints/{endpoint}/sample` → `{"rows": [{"prediction", "row", "time", "version", "inputs", "outputs"}]}`.
    @Sendable private func sample(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let state = try inference.table.endpoint(name.rawValue)
        let count = try request.queryNumber("count", in: 1...10_000, standard: 100)
        let word = request.uri.queryParameters["by"].map(String.init) ?? LabelSample.Choice.random.rawValue
        guard word != "drift" else {
            throw Refusal(
                .notLabelled, .conflict, "Rows cannot be chosen by drift yet: there is nothing to compare them with.",
                hint: "Choose with --by random or --by uncertain.")
        }
        guard let choice = LabelSample.Choice(rawValue: word) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“by” is “\(word.prefix(40))”.",
                hint: "It takes \(LabelSample.Choice.allCases.map(\.rawValue).joined(separator: ", ")).",
                details: [.init("field", "by")])
        }
        let rows = try await labels.sample(
            LabelledEndpoint(name, in: state.record.project), by: choice, count: count,
            since: try request.time(queried: "since") ?? labels.monthAgo)
        return .json(.record([("rows", .array(try rows.map { try $0.json }))]))
    }
}

extension Request {
    func time(queried name: String) throws(Refusal) -> Timestamp? {
        guard let text = uri.queryParameters[Substring(name)].map(String.init) else { return nil }
        guard let time = Timestamp(text) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“\(name)” is “\(text.prefix(40))”.", hint: "It takes \(Timestamp.form).",
                details: [.init("field", name)])
        }
        return time
    }
}

extension FeedbackReceipt {
    fileprivate func json(empty: Int) -> JSONValue {
        let counts = [
            ("labels", count), ("accepted", accepted), ("joined", joined), ("corrected", corrected),
            ("repeated", repeated), ("waiting", waiting), ("late", late), ("refused", refused), ("empty", empty),
        ]
        return .record(
            counts.map { ($0.0, JSONValue.integer(Int64($0.1))) } + [
                (
                    "problems",
                    .array(
                        problems.map { problem in
                            .record([
                                ("position", .integer(Int64(problem.position))),
                                ("code", .string(problem.explanation.code.rawValue)),
                                ("reason", .string(problem.explanation.message)),
                                ("hint", problem.explanation.hint.map(JSONValue.string)),
                            ])
                        })
                )
            ])
    }
}

extension SampledRow {
    fileprivate var json: JSONValue {
        get throws {
            let inputs = try record.rows(record.columns)?[row]
            let outputs = try record.rows(record.readable(record.answers))?[row]
            return .record([
                ("prediction", .string("\(record.id)")), ("row", .integer(Int64(record.number(ofRow: row)))),
                ("time", .string(record.time.text)), ("version", .integer(Int64(record.schema.version))),
                ("key", record.key.map(JSONValue.string)), ("inputs", inputs), ("outputs", outputs),
            ])
        }
    }
}
