// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import NIOHTTP1
internal import Tensors

/// The requests that are answered here.
extension PredictionHandler {
    private var bodyLimit: Int { settings.codecLimits.maxBodyBytes }

    func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard let (route, query) = target(of: head.uri) else { return beginForwarding(head, context) }
        var facts = RequestFacts(head.headers)
        facts.query = query
        quietSince = .now()
        phase = .collecting
        request = FastRequest()
        request.route = route
        request.isHead = head.method == .HEAD
        request.keepsAlive = head.version == .http1_1 && head.isKeepAlive && !facts.offersUpgrade
        request.refusal = refusal(of: head.method, facts)
        request.facts = facts
        if let length = facts.contentLength, length > bodyLimit {
            refuseBody(context)
        } else if facts.expectsContinue {
            answerExpectation(context)
        }
    }

    /// - Returns: `nil` for what the framework answers.
    private func target(of uri: String) -> (route: FastRoute, query: String?)? {
        if let known = knownTarget, known.uri == uri { return (known.route, nil) }
        let end = uri.utf8.firstIndex(of: UInt8(ascii: "?")) ?? uri.endIndex
        guard let route = FastRoute(path: uri[..<end], container: settings.container) else { return nil }
        let hasQuery = end != uri.endIndex
        if route.isPrediction, !hasQuery, uri.utf8.count <= 256 { knownTarget = (uri, route) }
        return (route, hasQuery ? String(uri[uri.utf8.index(after: end)...]) : nil)
    }

    func collect(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
        guard request.refusal == nil else { return }
        guard request.byteCount + part.readableBytes <= bodyLimit else { return refuseBody(context) }
        request.append(part)
    }

    func finishRequest(_ context: ChannelHandlerContext) {
        if let refusal = request.refusal { return answer(refusal, context) }
        guard request.route.isPrediction, let facts = request.facts else {
            return answer(slot.describe(request.route, request.facts, body: request.body), context)
        }
        switch slot.predict(request.route, facts, terms: RequestTerms(), body: request.body ?? ByteBuffer()) {
        case .answered(let head): answer(head, context)
        case .heavy(let call): compute(call, context)
        }
    }

    /// Gives a prediction to a lane.
    private func compute(_ call: PredictionCall, _ context: ChannelHandlerContext) {
        let (loop, handler) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        phase = .computing
        do throws(ServingError) {
            _ = try slot.service.answerLater(call.inference) { result in
                loop.execute { handler.value.complete(call, result) }
            }
        } catch {
            answer(call.write(.failure(error), on: slot), context)
        }
    }

    /// The lane has an answer. When the client is gone by now, so is the answer.
    private func complete(_ call: PredictionCall, _ result: Result<[Tensor], ServingError>) {
        guard phase == .computing, let context else { return }
        answer(call.write(result, on: slot), context)
        finishTurn(context)
    }

    /// What the head alone says against a request.
    private func refusal(of method: HTTPMethod, _ facts: RequestFacts) -> FastRequest.Refused? {
        let route = request.route
        let endpoint = route.isPrediction ? try? slot.endpointName(of: route, facts) : route.endpoint
        if let denial = gate.refusal(of: facts, endpoint: endpoint) { return .init(explanation: denial) }
        let takesBody = route.takesBody
        guard !route.hasMethod || (takesBody ? method == .POST : method == .GET || method == .HEAD) else {
            return .init(
                explanation: Explanation(
                    .methodNotAllowed, .invalidInput, "This path does not take \(method.rawValue.prefix(20)).",
                    hint: takesBody ? "Use POST." : "Use GET."),
                status: 405, allowedMethods: takesBody ? "POST" : "GET, HEAD")
        }
        if facts.query != nil, !route.takesQuery {
            return .init(
                explanation: Explanation(
                    .unsupportedOption, .invalidInput, "A prediction takes no query parameters.",
                    hint: "Leave out everything from the “?” on."))
        }
        if let encoding = facts.refusedEncoding {
            return .init(
                explanation: Explanation(
                    .unsupportedOption, .invalidInput, "Bodies encoded as “\(encoding.prefix(40))” are not taken.",
                    hint: "Send the body as it is, without Content-Encoding."),
                status: 415)
        }
        return nil
    }

    private func answerExpectation(_ context: ChannelHandlerContext) {
        if let refusal = request.refusal {
            request.keepsAlive = false
            answer(refusal, context, lingers: true)
        } else {
            writeContinue()
        }
    }

    func writeContinue() {
        pastEncoder.writeAndFlush(
            NIOAny(IOData.byteBuffer(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))), promise: nil)
    }

    /// The body is, or will be, larger than the limit.
    private func refuseBody(_ context: ChannelHandlerContext) {
        request.keepsAlive = false
        answer(
            .init(
                explanation: Explanation(
                    .limitExceeded, .tooLarge, "The body is larger than \(bodyLimit) bytes.",
                    hint: "Send fewer rows at a time.")),
            context, lingers: true)
    }

    /// What came cannot be parsed as HTTP.
    func refuseBrokenInput(_ context: ChannelHandlerContext) {
        request.keepsAlive = false
        answer(
            .init(
                explanation: Explanation(
                    .bodySyntax, .invalidInput, "This is no HTTP/1.1 request.",
                    hint: "Check the request line, the headers and the framing of the body.")),
            context, lingers: true)
    }

    /// The body took too long.
    func refuseSlowBody(_ context: ChannelHandlerContext) {
        request.keepsAlive = false
        answer(
            .init(
                explanation: Explanation(
                    .limitExceeded, .invalidInput, "The body did not arrive in time.",
                    hint: "Send it within \(settings.bodyTimeout.nanoseconds / 1_000_000_000) seconds."),
                status: 408),
            context, lingers: true)
        finishTurn(context)
    }

    private func answer(_ refused: FastRequest.Refused, _ context: ChannelHandlerContext, lingers: Bool = false) {
        let route = request.route
        var head = route.errorForm.write(
            refused.explanation, status: refused.status,
            predictionID: route.isPrediction ? slot.ids.next().description : nil, into: slot.writer)
        head.allowedMethods = refused.allowedMethods
        answer(head, context, lingers: lingers)
    }

    /// Writes the answer whose body the slot's writer holds.
    ///
    /// - Parameter lingers: Whether the client may still be sending, and would lose the answer to a reset.
    private func answer(_ head: AnswerHead, _ context: ChannelHandlerContext, lingers: Bool = false) {
        let isLast = !request.keepsAlive || (isDraining && held.isEmpty)
        let bytes = head.bytes(
            with: slot.writer, headWriter: slot.headWriter, date: slot.date.now(), closing: isLast,
            isBodyless: request.isHead)
        slot.writer.removeAll(keepingCapacity: slot.writer.count < 1 << 20)
        pastEncoder.write(NIOAny(IOData.byteBuffer(bytes)), promise: nil)
        needsFlush = true
        request = FastRequest()
        phase = .idle
        quietSince = .now()
        if isLast { closeWhenWritten(context, lingers: lingers) }
    }
}
