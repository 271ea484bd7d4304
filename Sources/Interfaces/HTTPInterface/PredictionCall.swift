// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// A prediction that was decoded: what is needed to run it and to write its answer.
struct PredictionCall: Sendable {
    enum Form: Sendable {
        /// Rows in, rows out.
        case rows
        /// The Open Inference Protocol, with the request's own id and the outputs it asks for.
        case infer(id: String?, outputs: [InferRequest.RequestedOutput]?, wantsBinary: Bool)
    }

    let predictionID: String
    let endpoint: String
    let inference: InferenceCall
    let form: Form

    private var live: LiveVersion { inference.live }

    var errorForm: ErrorForm {
        switch form {
        case .rows: .problem
        case .infer: .inferenceProtocol
        }
    }

    /// Writes the answer, or why there is none.
    func write(_ result: Result<[Tensor], ServingError>, on slot: EventLoopSlot) -> AnswerHead {
        let writer = slot.writer
        do {
            writer.removeAll()
            let answers = try result.get()
            switch form {
            case .rows:
                return try writeRows(live.signature.answerRows(answers, rowCount: inference.rowCount), into: writer)
            case .infer(let id, let asked, let wantsBinary):
                let outputs = zip(live.signature.outputs, answers).map { NamedTensor($0.name, $1) }
                return try writeInfer(outputs, id: id, asked: asked, wantsBinary: wantsBinary, into: writer)
            }
        } catch {
            return slot.fail(error, id: predictionID, form: errorForm)
        }
    }

    private func writeRows(_ outputs: [NamedTensor], into writer: ByteWriter) throws(CodecError) -> AnswerHead {
        writer.append("{\"id\":\"")
        writer.append(utf8: predictionID)
        writer.append("\",\"model\":")
        writer.append(jsonString: live.version.model.name.rawValue)
        writer.append(",\"version\":")
        writer.append(utf8: live.versionText)
        writer.append(live.proof.isProven ? ",\"proven\":true,\"predictions\":" : ",\"proven\":false,\"predictions\":")
        try encodeRows(outputs: outputs, rowCount: inference.rowCount, into: writer)
        writer.append("}")
        return AnswerHead(predictionID: predictionID)
    }

    private func writeInfer(
        _ outputs: [NamedTensor], id: String?, asked: [InferRequest.RequestedOutput]?, wantsBinary: Bool,
        into writer: ByteWriter
    ) throws(CodecError) -> AnswerHead {
        var chosen = outputs
        var binary = [Bool](repeating: wantsBinary, count: outputs.count)
        if let asked {
            // Names were checked before the model ran.
            chosen = asked.compactMap { output in outputs.first { $0.name == output.name } }
            binary = asked.map(\.wantsBinary)
        }
        let jsonByteCount = try encodeInferResponse(
            modelName: endpoint, modelVersion: live.versionText, id: id,
            parameters: [(name: "prediction_id", value: .string(predictionID))], outputs: chosen, binary: binary,
            into: writer)
        var head = AnswerHead(predictionID: predictionID)
        if let jsonByteCount {
            head.contentType = "application/octet-stream"
            head.jsonByteCount = jsonByteCount
        }
        return head
    }
}
