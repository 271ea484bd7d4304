// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import PredictionExplaining
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
        /// What each column contributed.
        case explanation
    }

    let predictionID: PredictionID
    let inference: InferenceCall
    let form: Form
    let errorForm: ErrorForm

    private var live: LiveVersion { inference.live }

    /// Writes the answer, or why there is none.
    ///
    /// - Parameters:
    ///   - answered: When it was there to be written.
    ///   - isRecorded: Whether what became of it has been told to the log.
    func write(
        _ result: Result<[Tensor], ServingError>, since answered: Moment = .now, isRecorded: Bool = false,
        on slot: EventLoopSlot
    ) -> AnswerHead {
        var head = body(result, since: answered, isRecorded: isRecorded, on: slot)
        if let clock = inference.terms.clock { head.stepTimes = clock.times }
        return head
    }

    private func body(
        _ result: Result<[Tensor], ServingError>, since answered: Moment, isRecorded: Bool, on slot: EventLoopSlot
    ) -> AnswerHead {
        do {
            slot.writer.removeAll()
            let answers = try result.get()
            let head = try write(answers, into: slot.writer)
            inference.delivered(predictionID, since: answered)
            if !isRecorded { record(.success(answers), on: slot) }
            inference.terms.trace?.endHTTP(head, predictionID, of: inference)
            return head
        } catch {
            let explanation = slot.serving.explain(error, id: predictionID, trace: inference.terms.trace)
            if !isRecorded { record(.failure(.init(explanation)), on: slot) }
            return slot.fail(
                explanation, id: predictionID, form: errorForm, of: inference, trace: inference.terms.trace)
        }
    }

    /// Explanations are no predictions: nothing of them is kept.
    private func record(_ result: Result<[Tensor], PredictionOutcome.Failure>, on slot: EventLoopSlot) {
        guard let recorder = slot.serving.recorder, inference.explanation == nil else { return }
        recorder.record(inference.outcome(predictionID, result))
    }

    private func write(_ answers: [Tensor], into writer: ByteWriter) throws -> AnswerHead {
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
        case .explanation: return writeExplanations(AttributionTensors.attributions(of: answers), into: writer)
        }
    }

    private func named(_ answers: [Tensor]) -> [NamedTensor] {
        answers.indices.map { NamedTensor(live.signature.outputs[$0].name, answers[$0]) }
    }

    private func rows(_ answers: [Tensor]) throws(CodecError) -> [NamedTensor] {
        try live.signature.answerRows(answers, rowCount: inference.rowCount)
    }

    private func writeExplanations(_ attributions: [Attribution], into writer: ByteWriter) -> AnswerHead {
        let columns = live.signature.layout.fields.map(\.name)
        let byName = { (numbers: [Double]) in
            JSONValue.object(zip(columns, numbers).map { (name: $0, value: .double($1)) })
        }
        let output = live.signature.outputs[inference.explanation?.output ?? 0]
        let reply = JSONValue.record([
            ("id", .string("\(predictionID)")), ("model", .string(live.version.model.name.rawValue)),
            ("version", .integer(Int64(live.version.number))),
            (
                "explanations",
                .array(
                    attributions.map { one in
                        let place = output.shape.count == 2 ? one.position.map { "[\($0)]" } ?? "" : ""
                        return .record([
                            ("output", .string(output.name + place)), ("method", .string(one.method.rawValue)),
                            ("scale", .string(one.scale.rawValue)), ("base", .double(one.base)),
                            ("value", .double(one.value)), ("contributions", byName(one.contributions)),
                            ("standard_errors", one.method == .sampled ? byName(one.errors) : JSONValue?.none),
                        ])
                    })
            ),
        ])
        writer.append(utf8: reply.text)
        return AnswerHead(predictionID: predictionID)
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
        let outputs = try reply.outputs(of: answers, to: inference)
        let binary = reply.outputs?.map(\.wantsBinary) ?? (reply.wantsBinary ? outputs.map { _ in true } : [])
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
}
