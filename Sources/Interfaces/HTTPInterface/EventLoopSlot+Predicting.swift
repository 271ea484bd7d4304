// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import Logging
internal import ModelDomain
internal import NIOCore
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
    }

    /// Decodes a prediction, and runs it when it is light.
    func predict(
        _ route: FastRoute, _ facts: RequestFacts, terms: RequestTerms, body: ByteBuffer
    ) -> Prediction {
        let id = ids.next().description
        do {
            let call =
                switch route {
                case .predict(let endpoint): try decodeRows(endpoint, facts, terms, body: body, id: id)
                case .infer(let endpoint, let version):
                    try decodeInfer(endpoint, version: version, facts, terms, body: body, id: id)
                default: preconditionFailure("\(route) is no prediction")
                }
            return service.answerNow(call.inference).map { .answered(call.write($0, on: self)) } ?? .heavy(call)
        } catch {
            return .answered(fail(error, id: id, form: route.errorForm))
        }
    }

    private func decodeRows(
        _ endpoint: String, _ facts: RequestFacts, _ terms: RequestTerms, body: ByteBuffer, id: String
    ) throws -> PredictionCall {
        let state = try table.endpoint(endpoint)
        let live = try state.ready()
        let rows = try unsafe body.withUnsafeReadableBytes { bytes in
            facts.isCSV ? try unsafe live.rows.decode(csv: bytes) : try unsafe live.rows.decode(json: bytes)
        }
        return PredictionCall(
            predictionID: id, endpoint: endpoint,
            inference: InferenceCall(
                inputs: rows.inputs, rowCount: rows.rowCount, live: live, endpoint: state, terms: terms),
            form: .rows)
    }

    private func decodeInfer(
        _ endpoint: String, version: String?, _ facts: RequestFacts, _ terms: RequestTerms, body: ByteBuffer,
        id: String
    ) throws -> PredictionCall {
        let state = try table.endpoint(endpoint)
        let live = try state.ready(version: version)
        let jsonByteCount = try facts.jsonByteCount.map(byteCount)
        // Only binary tensors lie in the body as the engine reads them.
        let owner = jsonByteCount == nil ? nil : BodyOwner(body)
        let request = try unsafe body.withUnsafeReadableBytes { bytes in
            try unsafe decodeInferRequest(
                bytes, jsonByteCount: jsonByteCount, owner: owner, limits: settings.codecLimits)
        }
        try checkOptions(of: request, outputs: live.signature.outputs)
        let inputs = try live.signature.arrange(request.inputs)
        return PredictionCall(
            predictionID: id, endpoint: endpoint,
            inference: InferenceCall(
                inputs: inputs, rowCount: live.signature.isBatched ? inputs.first?.shape.first ?? 1 : 1, live: live,
                endpoint: state, terms: terms),
            form: .infer(id: request.id, outputs: request.outputs, wantsBinary: request.wantsBinaryOutputs))
    }

    /// Writes why there is no prediction. What is our own mistake is logged under the id that the caller gets.
    func fail(_ error: any Error, id: String, form: ErrorForm) -> AnswerHead {
        let explanation = explanation(of: error)
        if explanation.kind == .bug {
            logger.error(
                "prediction failed",
                metadata: [
                    "prediction.id": "\(id)", "error.code": "\(explanation.code.rawValue)",
                    "error.detail": "\(String(reflecting: error))",
                ])
        }
        return form.write(explanation, predictionID: id, into: writer)
    }
}

extension FastRoute {
    var errorForm: ErrorForm {
        if case .predict = self { .problem } else { .inferenceProtocol }
    }
}

private func byteCount(_ header: String) throws(Refusal) -> Int {
    guard let count = Int(header), count >= 0 else {
        throw Refusal(
            .bodySyntax, .invalidInput,
            "Inference-Header-Content-Length is “\(header.prefix(40))”, which is no length.",
            hint: "Send the number of bytes of the JSON at the front of the body.")
    }
    return count
}
