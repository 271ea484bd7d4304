// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import NIOCore
internal import PredictionExplaining
internal import RequestTracing
internal import Tensors

/// Keeps the bytes of a request alive for the tensors that borrow them.
///
/// The address of a buffer's bytes is stable for as long as somebody holds the buffer and does not write to it: whoever
/// else wants to write (the parser, which may share the storage) finds it shared and copies first.
private final class BodyOwner {
    let buffer: ByteBuffer
    init(_ buffer: ByteBuffer) { self.buffer = buffer }
}

extension EventLoopSlot {
    /// What became of a prediction.
    enum Prediction {
        /// It is answered; the writer holds the body.
        case answered(AnswerHead)
        /// It is decoded, and too heavy for the event loop.
        case heavy(PredictionCall)
        /// It is computed, and its record has to be on the disk first.
        case computed(PredictionCall, Result<[Tensor], ServingError>)
        /// The endpoint has to be loaded first: then it is asked again, with what came of that.
        case cold(EndpointState, RequestTerms)
    }

    /// A prediction while it is decoded: what every form of it needs.
    struct Asked {
        let facts: RequestFacts
        let terms: RequestTerms
        let body: ByteBuffer
        var id: PredictionID
        let errorForm: ErrorForm
        /// When it began to be decoded.
        let received: Moment
        /// The endpoint, where the request has waited for it to be loaded.
        var awakened: AwakenedEndpoint?
    }

    /// Decodes a prediction, and runs it when it is light.
    func predict(
        _ target: RequestTarget, _ facts: RequestFacts, terms: RequestTerms, body: ByteBuffer,
        awakened: AwakenedEndpoint? = nil
    ) -> Prediction {
        let route = target.route ?? .unknown
        var asked = Asked(
            facts: facts, terms: terms, body: body, id: serving.nextID(), errorForm: route.errorForm, received: .now,
            awakened: awakened)
        do {
            if let wanted = facts.predictionID { asked.id = try predictionID(wanted) }
            let call =
                switch route {
                case .infer(let endpoint, let version): try decodeInfer(endpoint, version: version, asked)
                case .predict(let endpoint): try decodeRows(endpoint, asked)
                case .explain(let endpoint): try decodeExplanation(endpoint, asked)
                case .predictInstances(let endpoint, let version):
                    try decodeInstances(endpoint, version: version, asked)
                case .score: try decodeScore(try endpointName(of: route, facts), asked)
                case .predictContainer: try decodeContainer(try endpointName(of: route, facts), asked)
                default: preconditionFailure("\(route) is no prediction")
                }
            if let recorder = serving.recorder, recorder.mustRefuse(call.inference.endpoint) { throw logIsFull }
            guard let result = service.answerNow(call.inference) else { return .heavy(call) }
            return call.inference.waitsForLog
                ? .computed(call, result) : .answered(call.write(result, on: self))
        } catch ServingError.cold(let state) {
            return .cold(state, terms)
        } catch {
            let explanation = serving.explain(error, id: asked.id, trace: terms.trace)
            if serving.recorder != nil, let endpoint = try? endpointName(of: route, facts) {
                serving.recordRefusal(
                    asked.id, at: endpoint, origin: terms.origin, received: asked.received, explanation)
            }
            return .answered(
                fail(
                    explanation, status: error is UnreadableType ? UnreadableType.status : nil, id: asked.id,
                    form: asked.errorForm, trace: terms.trace))
        }
    }

    /// A call of `live` with rows that were decoded for it.
    func call(
        _ asked: Asked, _ state: EndpointState, _ live: LiveVersion, inputs: [Tensor], rowCount: Int,
        terms: RequestTerms? = nil, explanation: ExplanationRequest? = nil, form: PredictionCall.Form
    ) -> PredictionCall {
        PredictionCall(
            predictionID: asked.id,
            inference: InferenceCall(
                inputs: inputs, rowCount: rowCount, live: live, endpoint: state, terms: terms ?? asked.terms,
                explanation: explanation, received: asked.received),
            form: form, errorForm: asked.errorForm)
    }

    private func decodeRows(_ endpoint: String, _ asked: Asked) throws -> PredictionCall {
        let state = try table.endpoint(endpoint, or: asked.awakened)
        let live = try state.ready()
        let rows = try decodedRows(asked, live)
        return call(
            asked, state, live, inputs: rows.inputs, rowCount: rows.rowCount,
            form: prefersCSV(asked.facts.accept) ? .csv : .rows)
    }

    /// JSON rows, or CSV.
    private func decodedRows(_ asked: Asked, _ live: LiveVersion) throws -> DecodedRows {
        try unsafe asked.body.withUnsafeReadableBytes { bytes in
            asked.facts.bodyType == .csv
                ? try unsafe live.rows.decode(csv: bytes) : try unsafe live.rows.decode(json: bytes)
        }
    }

    /// `POST /v1/endpoints/NAME/explain`: rows as predictions take them, and what to explain behind the “?”.
    private func decodeExplanation(_ endpoint: String, _ asked: Asked) throws -> PredictionCall {
        let state = try table.endpoint(endpoint, or: asked.awakened)
        let live = try state.ready()
        let request = try ExplanationRequest(options(of: asked.facts.query), of: live.signature)
        let rows = try decodedRows(asked, live)
        guard rows.rowCount <= ExplanationRequest.rowLimit else {
            throw Refusal(
                .limitExceeded, .tooLarge,
                "\(rows.rowCount) rows are to be explained, and at most \(ExplanationRequest.rowLimit) are at once.",
                hint: "Send fewer rows at a time: each costs as much as hundreds of predictions.")
        }
        return call(
            asked, state, live, inputs: rows.inputs, rowCount: rows.rowCount, explanation: request, form: .explanation)
    }

    private func decodeInfer(_ endpoint: String, version: String?, _ asked: Asked) throws -> PredictionCall {
        let state = try table.endpoint(endpoint, or: asked.awakened)
        let live = try state.ready(version: version)
        let jsonByteCount = try asked.facts.jsonByteCount.map(byteCount)
        let isRaw =
            jsonByteCount == 0
            || (jsonByteCount == nil && asked.facts.bodyType == .octetStream && !looksLikeObject(asked.body))
        // Only binary tensors lie in the body as the engine reads them.
        let owner = jsonByteCount == nil && !isRaw ? nil : BodyOwner(asked.body)
        let request = try unsafe asked.body.withUnsafeReadableBytes { bytes in
            isRaw
                ? try unsafe decodeRawInferRequest(
                    bytes, inputs: live.signature.inputs, owner: owner, limits: settings.codecLimits)
                : try unsafe decodeInferRequest(
                    bytes, jsonByteCount: jsonByteCount, owner: owner, limits: settings.codecLimits)
        }
        try checkOptions(of: request, outputs: live.signature.outputs)
        let (inputs, rowCount) = try live.signature.arrange(
            request.inputs, asTable: request.contentType == "pd", by: live.rows)
        return call(
            asked, state, live, inputs: inputs, rowCount: rowCount,
            terms: request.parameters.isEmpty ? asked.terms : try terms(of: request, asked.terms),
            form: .infer(
                InferReply(
                    id: request.id, outputs: request.outputs, wantsBinary: request.wantsBinaryOutputs)))
    }

    /// Writes why there is no prediction.
    func fail(
        _ explanation: Explanation, status: Int? = nil, id: PredictionID, form: ErrorForm,
        of call: InferenceCall? = nil,
        trace: RequestTrace?
    ) -> AnswerHead {
        let head = form.write(explanation, status: status, predictionID: id, into: writer)
        trace?.endHTTP(head, id, of: call, problem: explanation)
        return head
    }
}

/// Whether a body is in braces. Some clients (aiohttp) call every body without a type of its own an octet-stream, JSON
/// among them; a tensor that begins and ends with these bytes by chance is taken for broken JSON, never for other values.
private func looksLikeObject(_ body: ByteBuffer) -> Bool {
    body.readableBytesView.first == UInt8(ascii: "{") && body.readableBytesView.last == UInt8(ascii: "}")
}

private func byteCount(_ header: String) throws(Refusal) -> Int {
    guard header.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(header) else {
        throw Refusal(
            .bodySyntax, .invalidInput,
            "Inference-Header-Content-Length is “\(header.prefix(40))”, which is no length.",
            hint: "Send the number of bytes of the JSON at the front of the body.")
    }
    return count
}
