// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import GRPCInterface
internal import HTTP2Connections
internal import InferenceProtocol
internal import InferenceServing
internal import ModelExecution
internal import NIOCore
internal import Tensors

/// What answers the requests of an HTTP/2 connection: calls of gRPC by their content type, predictions, health and
/// metadata on the event loop, and every other request through the framework.
final class HTTP2Requests: HTTP2Service {
    let slot: EventLoopSlot
    let administration: AdministrationChannel
    var gate: ConnectionGate
    private let calls: GRPCService

    init(_ slot: EventLoopSlot, administration: AdministrationChannel, gate: ConnectionGate, calls: GRPCService) {
        self.slot = slot
        self.administration = administration
        self.gate = gate
        self.calls = calls
    }

    func begin(_ head: HTTP2RequestHead, on stream: HTTP2Stream) -> (any HTTP2Exchange)? {
        guard !calls.takes(head) else { return calls.begin(head, on: stream) }
        let read: RequestHead
        do throws(RequestFault) {
            read = try requestHead(head)
        } catch {
            refuse(error, on: stream)
            return nil
        }
        guard let route = read.target.route else {
            return HTTP2ForwardedRequest(head, read.target, for: self, on: stream)
        }
        let refusal = slot.refusal(of: read, route, by: &gate)
        return HTTP2FastRequest(
            read, refusal: refusal, from: (gate.caller, gate.principal), for: self, on: stream)
    }

    func readEnded() { calls.readEnded() }

    /// The head as HTTP/1.1 would have it, read as every other one: there is one place that knows what headers mean.
    private func requestHead(_ head: HTTP2RequestHead) throws(RequestFault) -> RequestHead {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes += head.method.utf8
        bytes += " ".utf8
        bytes += head.path.utf8
        bytes += " HTTP/1.1\r\nhost: ".utf8
        bytes += (head.authority ?? "").utf8
        for (name, value) in head.fields where name != "host" && name != "te" {
            bytes += "\r\n".utf8
            bytes += name.utf8
            bytes += ": ".utf8
            bytes += value.utf8
        }
        bytes += "\r\n\r\n".utf8
        var reader = HeadReader(container: slot.settings.container)
        guard let read = try reader.read(bytes.span) else { throw .malformed("Its head does not end.") }
        return read
    }

    private func refuse(_ fault: RequestFault, on stream: HTTP2Stream) {
        let head = ErrorForm.inferenceProtocol.write(fault.explanation, status: fault.status, into: slot.writer)
        slot.send(head, acceptEncoding: nil, isBodyless: false, on: stream)
    }
}

/// A prediction, or what else is answered on the event loop.
final class HTTP2FastRequest: HTTP2Exchange {
    private var request: FastRequest
    private let caller: CallerKey
    private let requests: HTTP2Requests
    private let stream: HTTP2Stream
    private var pending: PendingAnswer?

    /// - Parameter asker: Who asks here, whoever asks on other streams of the connection meanwhile.
    init(
        _ head: RequestHead, refusal: FastRequest.Refused?, from asker: (key: CallerKey, principal: Principal?),
        for requests: HTTP2Requests, on stream: HTTP2Stream
    ) {
        request = FastRequest(head)
        request.principal = asker.principal
        caller = asker.key
        self.requests = requests
        self.stream = stream
        let isTooLarge = head.facts.contentLength ?? 0 > requests.slot.settings.codecLimits.maxBodyBytes
        request.refusal = refusal ?? (isTooLarge ? requests.slot.bodyTooLarge : nil)
        if isTooLarge {
            send(slot.write(requests.slot.bodyTooLarge, for: request))
        } else if head.facts.expectsContinue, refusal == nil {
            stream.send(HeaderBlock(status: 100))
        }
    }

    private var slot: EventLoopSlot { requests.slot }

    func received(_ bytes: ByteBuffer) {
        stream.credit(bytes.readableBytes)
        guard request.refusal == nil else { return stream.release(bytes.readableBytes) }
        if request.byteCount + bytes.readableBytes > slot.settings.codecLimits.maxBodyBytes {
            send(slot.write(slot.bodyTooLarge, for: request))
        } else {
            request.append(bytes)
        }
    }

    func ended() {
        answer()
    }

    private func answer(_ awakened: AwakenedEndpoint? = nil) {
        switch slot.answer(&request, caller: caller, awakened: awakened) {
        case .answered(let head): send(head)
        case .heavy(let call): compute(call)
        case .computed(let call, let result): complete(call, result, since: .now)
        case .cold(let state, let terms): awaken(state, terms)
        }
    }

    /// Waits for a model to be loaded.
    private func awaken(_ state: EndpointState, _ terms: RequestTerms) {
        guard let loop = stream.eventLoop else { return }
        let exchange = NIOLoopBound(self, eventLoop: loop)
        do throws(ServingError) {
            pending = try slot.service.awaken(state, terms: terms) { result in
                loop.execute { exchange.value.goOn(result) }
            }
        } catch {
            send(slot.write(.init(explanation: error.explanation), for: request))
        }
    }

    /// The model is there, or will not be.
    private func goOn(_ result: Result<AwakenedEndpoint, ServingError>) {
        guard stream.isOpen else { return }
        switch result {
        case .success(let awakened): answer(awakened)
        case .failure(let error): send(slot.write(.init(explanation: error.explanation), for: request))
        }
    }

    func cancelled() { pending?.abandon() }

    func timedOut() {
        let fault = RequestFault.tooSlow
        send(slot.write(.init(explanation: fault.explanation, status: fault.status), for: request))
    }

    private func compute(_ call: PredictionCall) {
        guard let loop = stream.eventLoop else { return }
        let exchange = NIOLoopBound(self, eventLoop: loop)
        do throws(ServingError) {
            pending = try slot.service.answerLater(call.inference) { result in
                let answered = Moment.now
                loop.execute { exchange.value.complete(call, result, since: answered) }
            }
        } catch {
            send(call.write(.failure(error), on: slot))
        }
    }

    private func complete(_ call: PredictionCall, _ result: Result<[Tensor], ServingError>, since answered: Moment) {
        guard stream.isOpen else { return }
        guard call.inference.waitsForLog, case .success(let answers) = result, let loop = stream.eventLoop else {
            return send(call.write(result, since: answered, on: slot))
        }
        slot.serving.keep(call.inference, call.predictionID, answers, on: loop) { [self] kept in
            if stream.isOpen { send(call.write(kept, isRecorded: true, on: slot)) }
        }
    }

    private func send(_ head: AnswerHead) {
        slot.send(head, acceptEncoding: request.acceptEncoding, isBodyless: request.isHead, on: stream)
    }
}

extension EventLoopSlot {
    /// Sends the answer whose body ``writer`` holds.
    fileprivate func send(_ head: AnswerHead, acceptEncoding: String?, isBodyless: Bool, on stream: HTTP2Stream) {
        var head = head
        let small = isBodyless ? nil : compressBody(acceptEncoding, &head)
        let byteCount = small?.count ?? writer.count
        stream.send(head.block(byteCount: byteCount, date: date.now()), endsStream: isBodyless || byteCount == 0)
        if !isBodyless, byteCount > 0 {
            if let small {
                unsafe small.withUnsafeBytes { unsafe stream.send($0) }
            } else {
                unsafe writer.withUnsafeBytes { unsafe stream.send($0) }
            }
            stream.end()
        }
        writer.removeAll(keepingCapacity: writer.count < 1 << 20)
        stream.flush()
    }
}
