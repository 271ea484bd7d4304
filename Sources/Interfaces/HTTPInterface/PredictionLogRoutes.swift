// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import PredictionLogging
internal import Tensors

/// `/v1/predictions`: what was asked and answered.
struct PredictionLogRoutes: Sendable {
    let log: PredictionLog

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/predictions", needs: [.develop, .decide], of: .common,
                "Predictions and refused requests, newest first, of the endpoints that the token may see.",
                query: [
                    ("endpoint", "Its name; all without it."), ("from", "From then on, as RFC 3339."),
                    ("to", "Before then, as RFC 3339."), ("version", "The number of the model's version."),
                    ("status", PredictionStatus.allCases.map(\.rawValue).joined(separator: ", ") + "."),
                    ("key", "What the caller said that it is about."), ("principal", "Whose token came with it."),
                    ("before", "The “next” of the page before."),
                    ("limit", "How many, 1 to 1000; 100 without it."),
                    ("types", "true: what types their columns have, too."),
                ], use: list),
            AdministrationRoute(
                .get, "/v1/predictions/:prediction", needs: [.develop, .decide], of: .common,
                "A prediction or refused request, by its id.", use: show),
        ]
    }

    /// `GET /v1/predictions` → `{"predictions": […], "next"?: "…", "types"?: […]}`.
    @Sendable private func list(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let query = try request.predictionQuery(besides: ["types"])
        let wantsTypes = try request.wantsTypes()
        let limit = try request.queryNumber("limit", in: 1...1000, standard: 100)
        let records = try await log.records(query, limit: limit, isVisible: try context.visibleEndpoints())
        let next = records.count == limit ? records.last.map { JSONValue.string($0.place.text) } : nil
        return .json(
            JSONValue.record([
                ("predictions", .array(try records.map { try $0.json })), ("next", next),
                ("types", wantsTypes ? types(of: records) : nil),
            ]))
    }

    /// What types the columns of predictions have: each way once in which those differ.
    private func types(of records: [PredictionRecord]) -> JSONValue {
        var known: Set<String> = []
        return .array(records.compactMap { $0.types }.filter { known.insert($0.text).inserted })
    }

    /// `GET /v1/predictions/{id}` → one of them, or problem `LOG-002`.
    @Sendable private func show(_: Request, _ context: AdministrationContext) async throws -> Response {
        return .json(try await log.record(named: context).json)
    }
}

extension PredictionLog {
    /// The prediction of the path.
    ///
    /// - Throws: `LOG-002` where there is none that the token may see.
    func record(named context: AdministrationContext) async throws -> PredictionRecord {
        let text = try context.parameters.require("prediction")
        var query = PredictionQuery()
        query.id = PredictionID(text)
        guard query.id != nil,
            let record = try await records(query, limit: 1, isVisible: context.visibleEndpoints()).first
        else {
            throw Refusal(
                .predictionUnknown, .notFound, "There is no prediction “\(text.prefix(40))” in the log.",
                hint:
                    "Ids are in the header slipway-prediction-id. Look at what is there with `slipway prediction list`."
            )
        }
        return record
    }
}

extension AdministrationContext {
    /// Whether who asks may see an endpoint's predictions.
    func visibleEndpoints() throws -> @Sendable (EndpointName, ProjectName) -> Bool {
        let principal = try principal()
        return { principal.sees($0, in: $1) }
    }
}

extension Request {
    /// - Parameter others: Options that are somebody else's.
    func predictionQuery(besides others: [String] = []) throws -> PredictionQuery {
        let known = ["endpoint", "from", "to", "version", "status", "key", "principal", "before", "limit"] + others
        if let other = uri.queryParameters.first(where: { !known.contains(String($0.key)) }) {
            throw Refusal(
                .unsupportedOption, .invalidInput, "There is no option “\(other.key.prefix(40))”.",
                hint: "There are \(known.joined(separator: ", ")).")
        }
        var query = PredictionQuery()
        query.endpoint = try text("endpoint").map { try EndpointName($0) }
        query.from = try time("from")
        query.to = try time("to")
        query.version = text("version") == nil ? nil : try queryNumber("version", in: 0...Int(Int32.max), standard: 0)
        query.key = text("key")
        query.principal = text("principal")
        query.status = try text("status").map { text in
            guard let status = PredictionStatus(rawValue: text) else {
                throw wrong("status", text, PredictionStatus.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return status
        }
        query.before = try text("before").map { text in
            guard let place = PredictionQuery.Place(text: text) else {
                throw wrong("before", text, "the “next” of the page before")
            }
            return place
        }
        return query
    }

    fileprivate func wantsTypes() throws -> Bool {
        switch text("types") {
        case nil, "false": false
        case "true": true
        case let other?: throw wrong("types", other, "true or false")
        }
    }

    private func text(_ name: String) -> String? { uri.queryParameters[Substring(name)].map(String.init) }

    private func time(_ name: String) throws -> Timestamp? {
        try text(name).map { text in
            guard let time = Timestamp(text) else {
                throw wrong(name, text, Timestamp.form)
            }
            return time
        }
    }

    private func wrong(_ name: String, _ text: String, _ takes: String) -> Refusal {
        Refusal(
            .outOfRange, .invalidInput, "“\(name)” is “\(text.prefix(40))”.", hint: "It takes \(takes).",
            details: [.init("field", name)])
    }
}

extension PredictionQuery.Place {
    /// Microseconds since 1970, and the id.
    fileprivate var text: String { "\(time.microseconds)_\(id)" }

    fileprivate init?(text: String) {
        let parts = text.split(separator: "_")
        guard parts.count == 2, let time = Int64(parts[0]), let id = PredictionID(parts[1]) else { return nil }
        self.init(time: Timestamp(microseconds: time), id: id)
    }
}

extension Response {
    static func json(_ value: JSONValue) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: value.text)))
    }
}

extension PredictionRecord {
    var json: JSONValue {
        get throws {
            .record([
                ("id", .string("\(id)")), ("time", .string(time.text)), ("endpoint", .string(schema.endpoint.rawValue)),
                ("project", .string(schema.project.rawValue)), ("model", .string("\(schema.model)")),
                ("version", schema.version > 0 ? .integer(Int64(schema.version)) : nil),
                ("bundle", schema.bundle.map { .string($0.hex) }), ("generation", .integer(Int64(schema.generation))),
                ("status", .string(status.rawValue)), ("code", code.map(JSONValue.string)),
                ("principal", principal.map(JSONValue.string)), ("key", key.map(JSONValue.string)),
                ("trace", trace.map { .string("\($0)") }),
                ("rows", .integer(Int64(rowCount))),
                (
                    "microseconds",
                    .record([
                        ("queue", .double(Double(times.queue) / 1000)), ("run", .double(Double(times.run) / 1000)),
                        ("total", .double(Double(times.total) / 1000)),
                    ])
                ),
                ("cut", isCut ? .bool(true) : nil),
                ("erased", erased),
                ("policies", policies),
                ("inputs", isCut ? nil : try rows(columns)), ("outputs", isCut ? nil : try rows(readable(answers))),
            ])
        }
    }

    /// The rows whose subject was erased, `true` where that is all; `nil` where nothing is.
    private var erased: JSONValue? {
        guard isErased else { return nil }
        guard rowCount > 0, let rowNumbers else { return .bool(true) }
        let gone = Set(0..<rowCount + erasedRowCount).subtracting(rowNumbers).sorted()
        return .array(gone.map { .integer(Int64($0)) })
    }

    /// Its columns with their types, as they are kept; `nil` where nothing of them is.
    fileprivate var types: JSONValue? {
        guard !isCut, rowCount > 0 else { return nil }
        let (inputs, outputs) = (columns, readable(answers))
        guard !inputs.isEmpty || !outputs.isEmpty else { return nil }
        let types = { (columns: [NamedTensor]) -> JSONValue in
            .array(
                columns.map { column in
                    [
                        "name": .string(column.name), "datatype": .string(column.tensor.datatype.rawValue),
                        "shape": .array(column.tensor.shape.dropFirst().map { .integer(Int64($0)) }),
                    ]
                })
        }
        return ["inputs": types(inputs), "outputs": types(outputs)]
    }

    /// Of columns that are not kept as they came.
    private var policies: JSONValue? {
        let others = schema.fields.filter { $0.policy != .keep }
        return others.isEmpty ? nil : .object(others.map { ($0.name, .string($0.policy.rawValue)) })
    }

    /// Row by row; `nil` for none.
    func rows(_ tensors: [NamedTensor]) throws -> JSONValue? {
        guard rowCount > 0, !tensors.isEmpty else { return nil }
        let writer = ByteWriter()
        try encodeRows(outputs: tensors, rowCount: rowCount, bytes: .base64ByName, into: writer)
        return try JSONValue.parse(unsafe writer.withUnsafeBytes { unsafe Array($0) })
    }

    /// Outputs that are cut into rows; `[rows, 1]` as plain values, as answers have them.
    func readable(_ answers: [NamedTensor]) -> [NamedTensor] {
        answers.compactMap { named in
            let shape = named.tensor.shape
            if shape == [rowCount, 1] { return NamedTensor(named.name, named.tensor.reshaped(to: [rowCount])) }
            if shape.first == rowCount { return named }
            return rowCount == 1 ? NamedTensor(named.name, named.tensor.reshaped(to: [1] + shape)) : nil
        }
    }
}
