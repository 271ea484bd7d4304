// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// A prediction that was decoded: what is needed to run it and to write its answer.
struct PredictionCall: Sendable {
    enum Form: Sendable {
        /// Rows with their id and version, as `/v1/endpoints/NAME/predict` writes them.
        case rows
        /// The same outputs as CSV.
        case csv
        /// `{"predictions": […]}`: values for a model with one output, else an object for each row.
        case predictions(BytesNotation)
        /// `{"outputs": …}`, output by output.
        case columns
        /// The Open Inference Protocol.
        case infer(InferReply)
    }

    /// What an answer of the Open Inference Protocol takes from its request.
    struct InferReply: Sendable {
        var id: String?
        var outputs: [InferRequest.RequestedOutput]?
        var wantsBinary = false
    }

    let predictionID: PredictionID
    let inference: InferenceCall
    let form: Form
    let errorForm: ErrorForm

    private var live: LiveVersion { inference.live }

    /// Writes the answer, or why there is none.
    func write(_ result: Result<[Tensor], ServingError>, on slot: EventLoopSlot) -> AnswerHead {
        let writer = slot.writer
        do {
            writer.removeAll()
            let answers = try result.get()
            switch form {
            case .rows: return try writeRows(answers, into: writer)
            case .csv:
                try encodeCSV(outputs: try rows(answers), rowCount: inference.rowCount, into: writer)
                return AnswerHead(contentType: "text/csv; charset=utf-8", predictionID: predictionID)
            case .predictions(let bytes): return try writePredictions(answers, bytes, into: writer)
            case .columns:
                writer.append("{\"outputs\":")
                try encodeColumns(outputs: named(answers), bytes: .base64ByName, into: writer)
                writer.append("}")
                return AnswerHead(predictionID: predictionID)
            case .infer(let reply): return try writeInfer(answers, reply, into: writer)
            }
        } catch {
            return slot.fail(error, id: predictionID, form: errorForm)
        }
    }

    private func named(_ answers: [Tensor]) -> [NamedTensor] {
        answers.indices.map { NamedTensor(live.signature.outputs[$0].name, answers[$0]) }
    }

    private func rows(_ answers: [Tensor]) throws(CodecError) -> [NamedTensor] {
        try live.signature.answerRows(answers, rowCount: inference.rowCount)
    }

    private func writeRows(_ answers: [Tensor], into writer: ByteWriter) throws(CodecError) -> AnswerHead {
        writer.append("{\"id\":\"")
        writer.append(predictionID)
        writer.append("\",\"model\":")
        writer.append(jsonString: live.version.model.name.rawValue)
        writer.append(",\"version\":")
        writer.append(utf8: live.versionText)
        writer.append(live.proof.isProven ? ",\"proven\":true,\"predictions\":" : ",\"proven\":false,\"predictions\":")
        try encodeRows(outputs: try rows(answers), rowCount: inference.rowCount, into: writer)
        writer.append("}")
        return AnswerHead(predictionID: predictionID)
    }

    private func writePredictions(
        _ answers: [Tensor], _ bytes: BytesNotation, into writer: ByteWriter
    ) throws(CodecError) -> AnswerHead {
        let rows = try rows(answers)
        writer.append("{\"predictions\":")
        if rows.count == 1, let only = rows.first {
            try encodeRowValues(of: only, rowCount: inference.rowCount, bytes: bytes, into: writer)
        } else {
            try encodeRows(outputs: rows, rowCount: inference.rowCount, bytes: bytes, into: writer)
        }
        writer.append("}")
        return AnswerHead(predictionID: predictionID)
    }

    private func writeInfer(
        _ answers: [Tensor], _ reply: InferReply, into writer: ByteWriter
    ) throws(CodecError) -> AnswerHead {
        var outputs: [NamedTensor]
        var binary: [Bool]
        if let asked = reply.outputs {
            outputs = []
            binary = asked.map(\.wantsBinary)
            for output in asked {
                // Names were checked before the model ran.
                guard let index = live.signature.outputs.firstIndex(where: { $0.name == output.name }) else { continue }
                let tensor = NamedTensor(output.name, answers[index])
                outputs.append(
                    try output.classCount.map { count throws(CodecError) in try classes(of: tensor, count) } ?? tensor)
            }
        } else {
            outputs = named(answers)
            binary = reply.wantsBinary ? outputs.map { _ in true } : []
        }
        let jsonByteCount = try encodeInferResponse(
            modelName: inference.endpoint.record.name.rawValue, modelVersion: live.versionText, id: reply.id,
            outputs: outputs, binary: binary, into: writer
        ) { writer in
            writer.append("\"prediction_id\":\"")
            writer.append(predictionID)
            writer.append("\"")
        }
        var head = AnswerHead(predictionID: predictionID)
        if let jsonByteCount {
            head.contentType = "application/octet-stream"
            head.jsonByteCount = jsonByteCount
        }
        return head
    }

    private func classes(of output: NamedTensor, _ count: Int) throws(CodecError) -> NamedTensor {
        let tensor = output.tensor
        // One value a row is no choice of classes: then the rows themselves would be.
        let isBatched = live.signature.isBatched && tensor.shape.count > 1 && tensor.shape.first == inference.rowCount
        do throws(CodecError) {
            return NamedTensor(output.name, try tensor.classified(top: count, isBatched: isBatched))
        } catch {
            throw CodecError(error.rule, error.message, field: output.name)
        }
    }
}
