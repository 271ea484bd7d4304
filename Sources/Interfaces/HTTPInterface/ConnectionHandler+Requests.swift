// SPDX-License-Identifier: Apache-2.0
internal import ContentCoding
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
        request.refusal = refusal(of: head, request.route)
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

    private func finishRequest(_ context: ChannelHandlerContext) {
        if let refusal = request.refusal ?? decompressBody() { return answer(refusal, context) }
        guard request.route.isPrediction else {
            return answer(slot.describe(request.route, request.facts, body: request.body), context)
        }
        do throws(Refusal) {
            let terms = try requestTerms()
            switch slot.predict(request.target, request.facts, terms: terms, body: request.body ?? ByteBuffer()) {
            case .answered(let head): answer(head, context)
            case .heavy(let call): compute(call, context)
            }
        } catch {
            answer(.init(explanation: error.explanation), context)
        }
    }

    /// Who asks, and until when the answer is of use.
    private func requestTerms() throws(Refusal) -> RequestTerms {
        guard let text = request.facts.timeout else { return RequestTerms(caller: gate.caller) }
        guard let patience = TimeSpan(text) else {
            throw Refusal(
                .outOfRange, .invalidInput, "slipway-timeout is “\(text.prefix(40))”.",
                hint: "Write it as \(TimeSpan.form).", details: [.init("header", "slipway-timeout")])
        }
        return RequestTerms(caller: gate.caller, deadline: Moment.now.after(patience.nanoseconds))
    }

    /// Gives a prediction to a lane.
    private func compute(_ call: PredictionCall, _ context: ChannelHandlerContext) {
        let (loop, handler) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        phase = .computing
        do throws(ServingError) {
            pending = try slot.service.answerLater(call.inference) { result in
                loop.execute { handler.value.complete(call, result) }
            }
        } catch {
            answer(call.write(.failure(error), on: slot), context)
        }
    }

    /// The lane has an answer. When the client is gone by now, so is the answer.
    private func complete(_ call: PredictionCall, _ result: Result<[Tensor], ServingError>) {
        pending = nil
        guard phase == .computing, let context else { return }
        answer(call.write(result, on: slot), context)
        turn(context)
        flushIfNeeded(context)
    }

    /// Puts what the body holds in its place, where it came compressed.
    ///
    /// - Returns: Why that cannot be done.
    private func decompressBody() -> FastRequest.Refused? {
        guard let coding = request.facts.bodyCoding?.known, let body = request.body else { return nil }
        do throws(DecompressionFault) {
            request.replaceBody(
                try decompressed(body.readableBytesUInt8Span, from: coding, maxByteCount: bodyLimit))
            return nil
        } catch {
            switch error {
            case .tooLarge: return tooLarge
            case .damaged:
                return .init(
                    explanation: Explanation(
                        .bodySyntax, .invalidInput, "The body is not what Content-Encoding: \(coding.name) says.",
                        hint: "Compress it anew, or send it without Content-Encoding."))
            }
        }
    }

    /// What the head alone says against a request.
    private func refusal(of head: RequestHead, _ route: FastRoute) -> FastRequest.Refused? {
        let endpoint = route.isPrediction ? try? slot.endpointName(of: route, head.facts) : route.endpoint
        if let denial = gate.refusal(of: head.facts, endpoint: endpoint) { return .init(explanation: denial) }
        let takesBody = route.takesBody
        guard
            !route.hasMethod || (takesBody ? head.method == .post : head.method == .get || head.method == .head)
        else {
            return .init(
                explanation: Explanation(
                    .methodNotAllowed, .invalidInput, "This path does not take \(head.method.name.prefix(20)).",
                    hint: takesBody ? "Use POST." : "Use GET."),
                status: 405, allowedMethods: takesBody ? "POST" : "GET, HEAD")
        }
        if head.target.query != nil, !route.takesQuery {
            return .init(
                explanation: Explanation(
                    .unsupportedOption, .invalidInput, "A prediction takes no query parameters.",
                    hint: "Leave out everything from the “?” on."))
        }
        if let coding = head.facts.bodyCoding, coding.known == nil {
            return .init(
                explanation: Explanation(
                    .unsupportedOption, .invalidInput, "Bodies encoded as “\(coding.name.prefix(40))” are not taken.",
                    hint: "Send the body as it is, or with Content-Encoding gzip or deflate."),
                status: 415)
        }
        return nil
    }

    private func answerExpectation(_ context: ChannelHandlerContext) {
        if let refusal = request.refusal ?? unknownEndpoint {
            request.keepsAlive = false
            answer(refusal, context, lingers: true)
        } else {
            writeContinue(context)
        }
    }

    /// Why nothing will come of a prediction, whatever its body is.
    private var unknownEndpoint: FastRequest.Refused? {
        do {
            if request.route.isPrediction {
                _ = try slot.table.endpoint(try slot.endpointName(of: request.route, request.facts))
            }
            return nil
        } catch {
            return .init(explanation: explanation(of: error))
        }
    }

    func writeContinue(_ context: ChannelHandlerContext) {
        context.writeAndFlush(
            Self.wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    private var tooLarge: FastRequest.Refused {
        .init(
            explanation: Explanation(
                .limitExceeded, .tooLarge, "The body is larger than \(bodyLimit) bytes.",
                hint: "Send fewer rows at a time."))
    }

    /// The body is, or will be, larger than the limit.
    private func refuseBody(_ context: ChannelHandlerContext) {
        request.keepsAlive = false
        answer(tooLarge, context, lingers: true)
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
        let route = request.route
        var head = request.errorForm.write(
            refused.explanation, status: refused.status,
            predictionID: route.isPrediction ? slot.ids.next() : nil, into: slot.writer)
        head.allowedMethods = refused.allowedMethods
        answer(head, context, lingers: lingers)
    }

    /// Writes the answer whose body the slot's writer holds.
    ///
    /// - Parameter lingers: Whether the client may still be sending, and would lose the answer to a reset.
    private func answer(_ head: AnswerHead, _ context: ChannelHandlerContext, lingers: Bool = false) {
        let isLast = !request.keepsAlive || (isDraining && input.readableBytes == 0)
        let bytes = slot.answer(
            head, connection: isLast ? .close : request.isVersion11 ? .keep : .keepOld, isBodyless: request.isHead,
            acceptEncoding: request.facts.acceptEncoding)
        // Not by `wrapOutboundOut`, which asks at run time what kind of value it was given.
        context.write(NIOAny(bytes), promise: nil)
        needsFlush = true
        request = slot.unreadable
        phase = .idle
        quietSince = .now()
        if isLast { closeWhenWritten(context, lingers: lingers) }
    }
}
