// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import ContentCoding
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import NIOCore
internal import RequestTracing
internal import Tensors

/// From the request to its answer, whichever version of HTTP brought it.
extension EventLoopSlot {
    /// Answers a request that is here as a whole; the writer holds the body.
    ///
    /// - Parameter awakened: The endpoint, when the request has waited for it to be loaded.
    func answer(
        _ request: inout FastRequest, caller: CallerKey, awakened: AwakenedEndpoint? = nil
    ) -> Prediction {
        if awakened == nil, let refusal = request.refusal ?? decompressBody(of: &request) {
            return .answered(write(refusal, for: request))
        }
        guard request.route.isPrediction else {
            return describe(
                request.route, RequestTerms(caller: caller), body: request.body, awakened: awakened,
                for: request.principal)
        }
        do throws(Refusal) {
            let terms = if let awakened { awakened.terms } else { try terms(of: request, caller) }
            return predict(
                request.target, request.facts, terms: terms, body: request.body ?? ByteBuffer(), awakened: awakened)
        } catch {
            return .answered(write(.init(explanation: error.explanation), for: request))
        }
    }

    func write(_ refused: FastRequest.Refused, for request: FastRequest) -> AnswerHead {
        let id = request.route.isPrediction ? serving.nextID() : nil
        if let id, serving.recorder != nil, let endpoint = try? endpointName(of: request.route, request.facts) {
            serving.recordRefusal(id, at: endpoint, origin: origin(of: request), refused.explanation)
        }
        var head = request.errorForm.write(
            refused.explanation, status: refused.status, predictionID: id, into: writer)
        head.allowedMethods = refused.allowedMethods
        return head
    }

    /// Who asks, and until when the answer is of use.
    private func terms(of request: FastRequest, _ caller: CallerKey) throws(Refusal) -> RequestTerms {
        let clock = try stepClock(request)
        let priority = try requestPriority(header: request.facts.priority)
        let origin = origin(of: request)
        try origin.check()
        guard let text = request.facts.timeout else {
            return RequestTerms(
                caller: caller, clock: clock, priority: priority, origin: origin, trace: trace(of: request))
        }
        guard let patience = TimeSpan(text) else {
            throw Refusal(
                .outOfRange, .invalidInput, "slipway-timeout is “\(text.prefix(40))”.",
                hint: "Write it as \(TimeSpan.form).", details: [.init("header", "slipway-timeout")])
        }
        return RequestTerms(
            caller: caller, deadline: Moment.now.after(patience.nanoseconds), clock: clock, priority: priority,
            origin: origin, trace: trace(of: request))
    }

    private func origin(of request: FastRequest) -> PredictionOrigin {
        PredictionOrigin(principal: request.principal?.name, key: request.facts.key, subject: request.facts.subject)
    }

    private func trace(of request: FastRequest) -> RequestTrace? {
        serving.trace(
            request.route.traceName, traceparent: request.facts.traceparent, tracestate: request.facts.tracestate)
    }

    private func stepClock(_ request: FastRequest) throws(Refusal) -> StepClock? {
        guard let text = request.facts.timing else { return nil }
        guard text == "steps" else {
            throw Refusal(
                .outOfRange, .invalidInput, "slipway-timing is “\(text.prefix(40))”.",
                hint: "Write it as “steps”, or leave it out.", details: [.init("header", "slipway-timing")])
        }
        return StepClock()
    }

    /// What the head alone says against a request.
    func refusal(
        of head: RequestHead, _ route: FastRoute, by gate: inout ConnectionGate
    ) -> FastRequest.Refused? {
        let endpoint = route.isPrediction ? try? endpointName(of: route, head.facts) : route.endpoint
        let denial = gate.refusal(
            authorization: head.facts.authorization, host: head.facts.host, isForwarded: head.facts.isForwarded,
            needs: route.needs, of: route.isOfServer ? .common : table.resource(of: endpoint))
        if let denial { return .init(explanation: denial.explanation) }
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

    /// Why nothing will come of a prediction, whatever its body is.
    func unknownEndpoint(_ request: FastRequest) -> FastRequest.Refused? {
        do {
            if request.route.isPrediction {
                _ = try table.endpoint(try endpointName(of: request.route, request.facts))
            }
            return nil
        } catch {
            return .init(explanation: explanation(of: error))
        }
    }

    var bodyTooLarge: FastRequest.Refused {
        .init(
            explanation: Explanation(
                .limitExceeded, .tooLarge, "The body is larger than \(settings.codecLimits.maxBodyBytes) bytes.",
                hint: "Send fewer rows at a time."))
    }

    /// Puts what the body holds in its place, where it came compressed.
    ///
    /// - Returns: Why that cannot be done.
    private func decompressBody(of request: inout FastRequest) -> FastRequest.Refused? {
        guard let coding = request.facts.bodyCoding?.known, let body = request.body else { return nil }
        do throws(DecompressionFault) {
            request.replaceBody(
                try decompressed(
                    body.readableBytesUInt8Span, from: coding, maxByteCount: settings.codecLimits.maxBodyBytes))
            return nil
        } catch {
            switch error {
            case .tooLarge: return bodyTooLarge
            case .damaged:
                return .init(
                    explanation: Explanation(
                        .bodySyntax, .invalidInput, "The body is not what Content-Encoding: \(coding.name) says.",
                        hint: "Compress it anew, or send it without Content-Encoding."))
            }
        }
    }
}
