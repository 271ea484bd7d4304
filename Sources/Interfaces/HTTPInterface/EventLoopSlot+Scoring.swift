// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// The row-oriented protocols of TensorFlow Serving, KServe, MLflow, SageMaker and Vertex.
extension EventLoopSlot {
    /// `POST /v1/models/NAME:predict`: `instances` row by row, or `inputs` column by column.
    func decodeInstances(_ endpoint: String, version: String?, _ asked: Asked) throws -> PredictionCall {
        let state = try table.endpoint(endpoint, or: asked.awakened)
        let live = try state.ready(version: version)
        let request = try decode(
            asked, live, by: live.rows, forms: [.instances, .inputs], others: ["signature_name", "parameters"])
        let (inputs, rowCount) = try arrange(request, live, by: live.rows)
        return call(
            asked, state, live, inputs: inputs, rowCount: rowCount,
            form: request.form == .inputs ? .columns : .predictions(.base64ByName))
    }

    /// The predictions of a Vertex container: `instances`, and `parameters` that no model takes.
    func decodeContainer(_ endpoint: String, _ asked: Asked) throws -> PredictionCall {
        let state = try table.endpoint(endpoint, or: asked.awakened)
        let live = try state.ready()
        let request = try decode(asked, live, by: live.rows, forms: [.instances], others: ["parameters"])
        let (inputs, rowCount) = try arrange(request, live, by: live.rows)
        return call(asked, state, live, inputs: inputs, rowCount: rowCount, form: .predictions(.base64ByName))
    }

    /// `POST /invocations`: everything that MLflow's scoring server takes, extra columns passed over.
    func decodeScore(_ endpoint: String, _ asked: Asked) throws -> PredictionCall {
        let type = try ScoringType(asked.facts.contentType)
        let state = try table.endpoint(endpoint, or: asked.awakened)
        let live = try state.ready()
        let form: PredictionCall.Form = prefersCSV(asked.facts.accept) ? .csv : .predictions(.text)
        let decoder = live.rows.ignoringExtraFields
        switch type {
        case .csv:
            let rows = try unsafe asked.body.withUnsafeReadableBytes { try unsafe decoder.decode(csv: $0) }
            return call(asked, state, live, inputs: rows.inputs, rowCount: rows.rowCount, form: form)
        case .json:
            let request = try decode(asked, live, by: decoder, forms: ScoringForm.allCases, others: ["params"])
            let (inputs, rowCount) = try arrange(request, live, by: decoder)
            return call(asked, state, live, inputs: inputs, rowCount: rowCount, form: form)
        }
    }

    private func decode(
        _ asked: Asked, _ live: LiveVersion, by decoder: RowDecoder, forms: [ScoringForm], others: [String]
    ) throws -> ScoringRequest {
        let request = try unsafe asked.body.withUnsafeReadableBytes { bytes in
            try unsafe decoder.decode(scoring: bytes, forms: forms, others: others, inputs: live.signature.inputs)
        }
        for (name, value) in request.others { try checkOption(name, value) }
        return request
    }

    private func arrange(
        _ request: ScoringRequest, _ live: LiveVersion, by decoder: RowDecoder
    ) throws -> (inputs: [Tensor], rowCount: Int) {
        switch request.content {
        case .rows(let rows): (rows.inputs, rows.rowCount)
        case .named(let named): try live.signature.arrange(named, asTable: false, by: decoder)
        }
    }

    // MARK: Which endpoint

    /// The endpoint that a request is for: the one of its path, of the header `X-Amzn-SageMaker-Target-Model`, of
    /// `?endpoint=`, of the settings, or the only one that there is.
    ///
    /// - Throws: `REG-003` that lists the endpoints when there are several and none is named.
    func endpointName(of route: FastRoute, _ facts: RequestFacts) throws(Refusal) -> String {
        if let named = route.endpoint ?? facts.targetModel { return named }
        if let query = facts.query, !query.isEmpty { return try endpointName(query: query) }
        if let chosen = settings.invocations { return chosen }
        if table.endpoints.count == 1, let only = table.endpoints.keys.first { return only }
        let names = table.endpoints.keys.sorted()
        throw Refusal(
            .endpointUnknown, .notFound,
            names.isEmpty ? "Nothing is deployed here." : "Several endpoints are here, and the request names none.",
            hint: names.isEmpty
                ? "Deploy a model with `slipway deploy`."
                : "Add ?endpoint=NAME, or start the server with --invocations NAME. There are: "
                    + names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "."))
    }

    private func endpointName(query: String) throws(Refusal) -> String {
        let prefix = "endpoint="
        guard query.hasPrefix(prefix), !query.utf8.contains(UInt8(ascii: "&")), query != prefix else {
            throw Refusal(
                .unsupportedOption, .invalidInput, "“?\(query.prefix(100))” is not understood.",
                hint: "The only parameter of the query is endpoint=NAME.")
        }
        return String(query.dropFirst(prefix.count))
    }
}

/// Refuses what stands beside the rows and would change the answer.
private func checkOption(_ name: String, _ value: JSONValue) throws(Refusal) {
    switch name {
    case "signature_name":
        let isTheOne = value.isNull || value.string == "" || value.string == "serving_default"
        guard isTheOne else {
            throw Refusal(
                .unsupportedOption, .invalidInput, "A model here has one signature, “serving_default”.",
                hint: "Leave signature_name out.", details: [.init("parameter", name)])
        }
    default:
        guard value.isNull || value.members?.isEmpty ?? false else {
            throw Refusal(
                .unsupportedOption, .invalidInput, "The model takes no parameters beside its rows.",
                hint: "Leave “\(name)” out.", details: [.init("parameter", name)])
        }
    }
}
