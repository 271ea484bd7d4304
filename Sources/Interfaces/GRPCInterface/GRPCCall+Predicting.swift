// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTP2Connections
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import NIOCore
internal import RequestTracing
internal import Tensors

/// Keeps the bytes of a message alive for the tensors that borrow them. Nobody writes to them: whoever else wants to write
/// to the storage that they share finds it shared, and copies first.
private final class MessageOwner {
    let buffer: ByteBuffer
    init(_ buffer: ByteBuffer) { self.buffer = buffer }
}

/// A prediction that was decoded.
struct Prediction: Sendable {
    let id: PredictionID
    let inference: InferenceCall
    let reply: InferReply
    /// Whether the answer says that no other one follows.
    let saysItIsFinal: Bool
}

extension GRPCCall {
    /// Answers one `ModelInferRequest`, of a call of its own or of a stream.
    func predict(_ message: ByteBuffer) { predict(message, slot.nextID(), reserveReply(), nil) }

    /// - Parameter awakened: The endpoint, when the message has waited for it to be loaded.
    private func predict(_ message: ByteBuffer, _ id: PredictionID, _ reply: Int, _ awakened: AwakenedEndpoint?) {
        var id = id
        var asked: String?
        var terms = awakened?.terms
        do {
            let known = try terms ?? ownTerms()
            terms = known
            if let wanted = head.predictionID, !method.streamsRequests { id = try predictionID(wanted) }
            let prediction = try decode(message, id, awakened, terms: known, endpoint: &asked)
            if !service.gather(prediction, of: self, reply: reply) { answer(prediction, reply) }
        } catch ServingError.cold(let state) {
            awaken(state, message, id, reply, terms ?? RequestTerms())
        } catch {
            let explanation = slot.explain(error, id: id, trace: terms?.trace)
            slot.recordRefusal(id, at: asked ?? "", origin: terms?.origin ?? origin, explanation)
            terms?.trace?.endRPC(id, problem: explanation)
            fail(error, explanation, reply)
        }
    }

    /// Answers where the message arrived, or has a lane do it.
    func answer(_ prediction: Prediction, _ reply: Int) {
        if let result = slot.service.answerNow(prediction.inference) { return write(result, of: prediction, reply) }
        guard let loop = stream.eventLoop else { return }
        let call = NIOLoopBound(self, eventLoop: loop)
        do {
            let pending = try slot.service.answerLater(prediction.inference) { result in
                let answered = Moment.now
                loop.execute { call.value.write(result, since: answered, of: prediction, reply) }
            }
            wait(for: pending, reply: reply)
        } catch {
            fail(error, prediction, reply)
        }
    }

    private func awaken(
        _ state: EndpointState, _ message: ByteBuffer, _ id: PredictionID, _ reply: Int, _ terms: RequestTerms
    ) {
        do {
            try wait(for: state, terms, reply: reply) { [self] result in
                switch result {
                case .success(let awakened): predict(message, id, reply, awakened)
                case .failure(let error): refuse(error, id, at: state, terms, reply)
                }
            }
        } catch {
            refuse(error, id, at: state, terms, reply)
        }
    }

    private func decode(
        _ message: ByteBuffer, _ id: PredictionID, _ awakened: AwakenedEndpoint?, terms: RequestTerms,
        endpoint: inout String?
    ) throws -> Prediction {
        let received = Moment.now
        let decoded = try unsafe message.withUnsafeReadableBytes { bytes in
            try unsafe decodeModelInfer(bytes, owner: MessageOwner(message), limits: slot.limits)
        }
        try admit(needs: .predict, of: slot.table.resource(of: decoded.modelName))
        let request = decoded.request
        endpoint = decoded.modelName
        let state = try slot.table.endpoint(decoded.modelName, or: awakened)
        if let recorder = slot.recorder, recorder.mustRefuse(state) { throw logIsFull }
        let live = try state.ready(version: decoded.modelVersion.isEmpty ? nil : decoded.modelVersion)
        try checkOptions(of: request, outputs: live.signature.outputs)
        let (inputs, rowCount) = try live.signature.arrange(
            request.inputs, asTable: request.contentType == "pd", by: live.rows)
        let terms = try InferenceProtocol.terms(of: request, terms)
        return Prediction(
            id: id,
            inference: InferenceCall(
                inputs: inputs, rowCount: rowCount, live: live, endpoint: state, terms: terms, received: received),
            reply: InferReply(id: request.id, outputs: request.outputs),
            saysItIsFinal: request.parameters.contains { $0.name == finalAnswerParameter && $0.value == true })
    }

    /// What the call says, before what a message says for itself.
    private func ownTerms() throws -> RequestTerms {
        RequestTerms(
            caller: service.gate.caller, deadline: deadline, priority: try requestPriority(header: head.priority),
            origin: try checkedOrigin(),
            trace: slot.trace("infer", traceparent: head.traceparent, tracestate: head.tracestate))
    }

    private var origin: PredictionOrigin {
        PredictionOrigin(principal: service.gate.principal?.name, key: head.key, subject: head.subject)
    }

    private func checkedOrigin() throws(Refusal) -> PredictionOrigin {
        try origin.check()
        return origin
    }

    func write(
        _ result: Result<[Tensor], ServingError>, since answered: Moment = .now, of prediction: Prediction, _ reply: Int
    ) {
        let call = prediction.inference
        guard call.waitsForLog, case .success(let answers) = result, let loop = stream.eventLoop else {
            return write(result, since: answered, isRecorded: false, of: prediction, reply)
        }
        slot.keep(call, prediction.id, answers, on: loop) { [self] kept in
            write(kept, since: .now, isRecorded: true, of: prediction, reply)
        }
    }

    private func write(
        _ result: Result<[Tensor], ServingError>, since answered: Moment, isRecorded: Bool, of prediction: Prediction,
        _ reply: Int
    ) {
        let call = prediction.inference
        do {
            let answers = try result.get()
            let outputs = try prediction.reply.outputs(of: answers, to: call)
            send(reply: reply) { writer in
                if method == .streamInfer {
                    writer.append(message: 2) { encode(outputs, prediction, into: $0) }
                } else {
                    encode(outputs, prediction, into: writer)
                }
            }
            call.delivered(prediction.id, since: answered)
            if !isRecorded { slot.recorder?.record(call.outcome(prediction.id, .success(answers))) }
            call.terms.trace?.endRPC(prediction.id, of: call)
        } catch {
            fail(error, prediction, isRecorded: isRecorded, reply)
        }
    }

    private func encode(_ outputs: [NamedTensor], _ prediction: Prediction, into writer: ByteWriter) {
        encodeModelInfer(
            modelName: prediction.inference.endpoint.record.name.rawValue,
            modelVersion: prediction.inference.live.versionText, id: prediction.reply.id,
            outputs: outputs, isFinal: prediction.saysItIsFinal, into: writer
        ) { $0.append(prediction.id) }
    }

    private func fail(_ error: any Error, _ prediction: Prediction, isRecorded: Bool = false, _ reply: Int) {
        let call = prediction.inference
        let explanation = slot.explain(error, id: prediction.id, trace: call.terms.trace)
        if !isRecorded { slot.recorder?.record(call.outcome(prediction.id, .failure(.init(explanation)))) }
        call.terms.trace?.endRPC(prediction.id, of: call, problem: explanation)
        fail(error, explanation, reply)
    }

    private func refuse(
        _ error: any Error, _ id: PredictionID, at state: EndpointState, _ terms: RequestTerms, _ reply: Int
    ) {
        let explanation = slot.explain(error, id: id, trace: terms.trace)
        slot.recordRefusal(id, at: state.record.name.rawValue, origin: origin, explanation)
        terms.trace?.endRPC(id, problem: explanation)
        fail(error, explanation, reply)
    }

    /// An error ends a call, but not a stream of them: there it is the answer to the one message.
    private func fail(_ error: any Error, _ explanation: Explanation, _ reply: Int) {
        guard method == .streamInfer else {
            return end((error as? AccessDenial).map(GRPCStatus.init) ?? GRPCStatus(explanation))
        }
        send(reply: reply) { writer in
            writer.append(1, explanation.text)
            writer.append(message: 2) { $0.append(3, "") }
        }
    }
}

extension RequestTrace {
    /// The answer is written.
    fileprivate func endRPC(_ id: PredictionID, of call: InferenceCall? = nil, problem: Explanation? = nil) {
        note("rpc.system", .text("grpc"))
        note("rpc.grpc.status_code", .number((problem.map { GRPCStatus($0).code } ?? .ok).rawValue))
        end(id, of: call, problem: problem)
    }
}
