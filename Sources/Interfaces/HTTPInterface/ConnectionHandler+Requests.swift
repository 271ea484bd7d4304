// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import NIOCore
internal import Tensors

/// The requests that are answered here.
extension ConnectionHandler {
    private var bodyLimit: Int { settings.codecLimits.maxBodyBytes }

    /// Reads the head at the front of the input, and begins what it asks for.
    ///
    /// - Returns: `false` when the head has not ended yet.
    func beginRequest(_ context: ChannelHandlerContext) -> Bool {
        let head: RequestHead
        do throws(RequestFault) {
            guard try skipEmptyLines() else { return false }
            let bytes = input
            guard let read = try heads.read(bytes.readableBytesUInt8Span) else { return false }
            head = read
        } catch {
            refuse(error, context)
            return true
        }
        if head.target.route != nil {
            input.moveReaderIndex(forwardBy: head.byteCount)
            begin(head, context)
        } else {
            beginForwarding(head, context)
        }
        return true
    }

    /// An empty line before a request is passed over, and so is a second one (RFC 9112, 2.2).
    ///
    /// - Returns: `false` when nothing is behind them yet.
    private func skipEmptyLines() throws(RequestFault) -> Bool {
        guard input.getInteger(at: input.readerIndex, as: UInt8.self) == 0x0D else { return true }
        let bytes = input.readableBytesView.prefix(6)
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex, bytes[index] == 0x0D, bytes[index + 1] == 0x0A { index += 2 }
        guard index < bytes.startIndex + 6 else { throw .malformed("It begins with empty lines.") }
        // Not taken away until a request is behind them, so that they count as a request that arrives.
        let rest = bytes[index...]
        guard let first = rest.first, !(first == 0x0D && rest.count == 1) else { return false }
        input.moveReaderIndex(to: index)
        return true
    }

    private func begin(_ head: RequestHead, _ context: ChannelHandlerContext) {
        phase = .collecting
        request = FastRequest(head)
        request.refusal = slot.refusal(of: head, request.route, by: &gate)
        request.principal = gate.principal
        if let length = head.facts.contentLength, length > bodyLimit {
            refuseBody(context)
        } else if head.facts.expectsContinue, !request.reader.isComplete {
            answerExpectation(context)
        } else if request.reader.isComplete {
            finishRequest(context)
        }
    }

    /// Takes up what there is of the body.
    func collect(_ context: ChannelHandlerContext) {
        do throws(RequestFault) {
            while let part = try request.reader.data(from: &input) {
                guard request.refusal == nil else { continue }
                guard request.byteCount + part.readableBytes <= bodyLimit else { return refuseBody(context) }
                request.append(part)
            }
        } catch {
            return refuse(error, context)
        }
        if request.reader.isComplete { finishRequest(context) }
    }

    private func finishRequest(_ context: ChannelHandlerContext, awakened: AwakenedEndpoint? = nil) {
        switch slot.answer(&request, caller: gate.caller, awakened: awakened) {
        case .answered(let head): answer(head, context)
        case .heavy(let call): compute(call, context)
        case .computed(let call, let result):
            phase = .computing
            complete(call, result, since: .now, context)
        case .cold(let state, let terms): awaken(state, terms, context)
        }
    }

    /// Waits for a model to be loaded.
    private func awaken(_ state: EndpointState, _ terms: RequestTerms, _ context: ChannelHandlerContext) {
        let (loop, handler) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        phase = .computing
        do throws(ServingError) {
            pending = try slot.service.awaken(state, terms: terms) { result in
                loop.execute { handler.value.goOn(result) }
            }
        } catch {
            answer(.init(explanation: error.explanation), context)
        }
    }

    /// The model is there, or will not be.
    private func goOn(_ result: Result<AwakenedEndpoint, ServingError>) {
        pending = nil
        guard phase == .computing, let context else { return }
        switch result {
        case .success(let awakened): finishRequest(context, awakened: awakened)
        case .failure(let error): answer(.init(explanation: error.explanation), context)
        }
        turn(context)
        flushIfNeeded(context)
    }

    /// Gives a prediction to a lane.
    private func compute(_ call: PredictionCall, _ context: ChannelHandlerContext) {
        let (loop, handler) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        phase = .computing
        do throws(ServingError) {
            pending = try slot.service.answerLater(call.inference) { result in
                let answered = Moment.now
                loop.execute { handler.value.complete(call, result, since: answered) }
            }
        } catch {
            answer(call.write(.failure(error), on: slot), context)
        }
    }

    /// The lane has an answer. When the client is gone by now, so is the answer.
    private func complete(_ call: PredictionCall, _ result: Result<[Tensor], ServingError>, since answered: Moment) {
        pending = nil
        guard phase == .computing, let context else { return }
        complete(call, result, since: answered, context)
        turn(context)
        flushIfNeeded(context)
    }

    private func complete(
        _ call: PredictionCall, _ result: Result<[Tensor], ServingError>, since answered: Moment,
        _ context: ChannelHandlerContext
    ) {
        guard call.inference.waitsForLog, case .success(let answers) = result else {
            return answer(call.write(result, since: answered, on: slot), context)
        }
        slot.serving.keep(call.inference, call.predictionID, answers, on: context.eventLoop) { [self] kept in
            // When the client is gone by now, so is the answer.
            guard phase == .computing, let context = self.context else { return }
            answer(call.write(kept, isRecorded: true, on: slot), context)
            turn(context)
            flushIfNeeded(context)
        }
    }

    private func answerExpectation(_ context: ChannelHandlerContext) {
        if let refusal = request.refusal ?? slot.unknownEndpoint(request) {
            request.keepsAlive = false
            answer(refusal, context, lingers: true)
        } else {
            writeContinue(context)
        }
    }

    func writeContinue(_ context: ChannelHandlerContext) {
        context.writeAndFlush(
            Self.wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// The body is, or will be, larger than the limit.
    private func refuseBody(_ context: ChannelHandlerContext) {
        request.keepsAlive = false
        answer(slot.bodyTooLarge, context, lingers: true)
    }

    /// What came cannot be read as HTTP/1.1, or its end is not known.
    ///
    /// - Parameter form: How the client reads errors, where its request was for the framework.
    func refuse(_ fault: RequestFault, _ context: ChannelHandlerContext, as form: ErrorForm? = nil) {
        if phase != .collecting { request = slot.unreadable }
        if let form { request.errorForm = form }
        request.keepsAlive = false
        phase = .collecting
        answer(.init(explanation: fault.explanation, status: fault.status), context, lingers: true)
    }

    private func answer(_ refused: FastRequest.Refused, _ context: ChannelHandlerContext, lingers: Bool = false) {
        answer(slot.write(refused, for: request), context, lingers: lingers)
    }

    /// Writes the answer whose body the slot's writer holds.
    ///
    /// - Parameter lingers: Whether the client may still be sending, and would lose the answer to a reset.
    private func answer(_ head: AnswerHead, _ context: ChannelHandlerContext, lingers: Bool = false) {
        let isLast = !request.keepsAlive || (isDraining && input.readableBytes == 0)
        let bytes = slot.answer(
            head, connection: isLast ? .close : request.isVersion11 ? .keep : .keepOld, isBodyless: request.isHead,
            acceptEncoding: request.acceptEncoding)
        // Not by `wrapOutboundOut`, which asks at run time what kind of value it was given.
        context.write(NIOAny(bytes), promise: nil)
        needsFlush = true
        request = slot.unreadable
        phase = .idle
        quietSince = .now()
        if isLast { closeWhenWritten(context, lingers: lingers) }
    }
}
