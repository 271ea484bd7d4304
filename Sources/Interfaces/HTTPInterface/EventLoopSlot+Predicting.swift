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
    /// Decodes a prediction, runs it, and writes the answer when it is there at once.
    ///
    /// - Parameter completion: Gets the outputs on a thread of the lane, if `nil` was returned.
    func predict(
        _ route: FastRoute, _ facts: RequestFacts, body: ByteBuffer,
        completion: @escaping @Sendable (PredictionCall, Result<[Tensor], ServingError>) -> Void
    ) -> AnswerHead? {
        let id = ids.next().description
        do {
            switch route {
            case .predict(let endpoint):
                return try predictRows(endpoint, facts, body: body, id: id, completion: completion)
            case .infer(let endpoint, let version):
                return try infer(endpoint, version: version, facts, body: body, id: id, completion: completion)
            default:
                preconditionFailure("\(route) is no prediction")
            }
        } catch {
            return fail(error, id: id, form: route.errorForm)
        }
    }

    private func predictRows(
        _ endpoint: String, _ facts: RequestFacts, body: ByteBuffer, id: String,
        completion: @escaping @Sendable (PredictionCall, Result<[Tensor], ServingError>) -> Void
    ) throws -> AnswerHead? {
        let state = try table.endpoint(endpoint)
        let live = try state.ready()
        let rows = try unsafe body.withUnsafeReadableBytes { bytes in
            facts.isCSV ? try unsafe live.rows.decode(csv: bytes) : try unsafe live.rows.decode(json: bytes)
        }
        let call = PredictionCall(
            predictionID: id, endpoint: endpoint, live: live, form: .rows(count: rows.rowCount))
        return answer(call, rows.inputs, rowCount: rows.rowCount, counters: state.counters, completion: completion)
    }

    private func infer(
        _ endpoint: String, version: String?, _ facts: RequestFacts, body: ByteBuffer, id: String,
        completion: @escaping @Sendable (PredictionCall, Result<[Tensor], ServingError>) -> Void
    ) throws -> AnswerHead? {
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
        let call = PredictionCall(
            predictionID: id, endpoint: endpoint, live: live,
            form: .infer(id: request.id, outputs: request.outputs, wantsBinary: request.wantsBinaryOutputs))
        let rowCount = live.signature.isBatched ? inputs.first?.shape.first ?? 1 : 1
        return answer(call, inputs, rowCount: rowCount, counters: state.counters, completion: completion)
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

    private func answer(
        _ call: PredictionCall, _ inputs: [Tensor], rowCount: Int, counters: EndpointCounters,
        completion: @escaping @Sendable (PredictionCall, Result<[Tensor], ServingError>) -> Void
    ) -> AnswerHead? {
        let answer = service.answer(
            inputs, rowCount: rowCount, with: call.live, counters: counters, completion: { completion(call, $0) })
        switch answer {
        case .now(let result): return call.write(result, on: self)
        case .later: return nil
        }
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
