// SPDX-License-Identifier: Apache-2.0
internal import HTTP2Connections
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// A request of HTTP/2 that the framework answers.
///
/// Its body is handed on as it comes; the peer may send more when the framework has taken what there is. The answer waits in
/// turn when the peer does not take it.
final class HTTP2ForwardedRequest: HTTP2Exchange {
    private static let leastBytesPerSecond = 1024
    /// What may wait for the peer before the framework waits too.
    private static let mostWaiting = 1 << 18

    private let stream: HTTP2Stream
    private let slot: EventLoopSlot
    private let body: AsyncThrowingStream<ByteBuffer, any Error>.Continuation
    private let bodyLimit: Int
    private let beganAt = NIODeadline.now()
    private var byteCount = 0
    private var task: Task<Void, Never>?
    private var hasBegunAnswer = false
    private var waiting: CheckedContinuation<Void, any Error>?

    init?(
        _ head: HTTP2RequestHead, _ target: RequestTarget, for requests: HTTP2Requests, on stream: HTTP2Stream
    ) {
        let administration = requests.administration
        guard head.contentLength ?? 0 <= administration.bodyLimit(of: target) else {
            stream.send(HeaderBlock(status: 413), endsStream: true)
            return nil
        }
        guard let channel = stream.channel, let method = HTTPRequest.Method(head.method) else {
            stream.reset(.protocolError)
            return nil
        }
        self.stream = stream
        slot = requests.slot
        bodyLimit = administration.bodyLimit(of: target)
        let (parts, body) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        self.body = body
        var fields = HTTPFields()
        for (name, value) in head.fields {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        let request = HTTPRequest(
            method: method, scheme: head.scheme, authority: head.authority, path: head.path, headerFields: fields)
        let exchange = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let taken = parts.map { part in
            channel.eventLoop.execute { exchange.value.took(part.readableBytes) }
            return part
        }
        let answer = HTTP2AnswerWriter(exchange: exchange)
        let isHead = method == .head
        task = Task {
            do {
                let response = try await administration.respond(
                    Request(head: request, body: RequestBody(asyncSequence: taken)), channel)
                try await answer.begin(response.head)
                if isHead { try await answer.finish(nil) } else { try await response.body.write(answer) }
            } catch {
                try? await answer.onLoop { $0.fail() }
            }
        }
    }

    // MARK: The request

    func received(_ bytes: ByteBuffer) {
        byteCount += bytes.readableBytes
        guard byteCount <= bodyLimit else { return refuse() }
        stream.arrivalDeadline = beganAt + .seconds(30) + .seconds(Int64(byteCount / Self.leastBytesPerSecond))
        body.yield(bytes)
    }

    func ended() { body.finish() }

    func cancelled() {
        body.finish(throwing: CancellationError())
        task?.cancel()
        resume(throwing: ChannelError.ioOnClosedChannel)
    }

    func timedOut() { refuse() }

    private func took(_ count: Int) {
        stream.release(count)
        stream.credit(count)
    }

    /// The body is too large, or too slow.
    private func refuse() {
        if hasBegunAnswer {
            stream.reset(.cancel)
        } else {
            stream.send(HeaderBlock(status: byteCount > bodyLimit ? 413 : 408), endsStream: true)
            stream.flush()
            cancelled()
        }
    }

    // MARK: The answer

    fileprivate func begin(_ head: HTTPResponse) {
        guard stream.isOpen else { return }
        hasBegunAnswer = true
        var block = HeaderBlock(status: head.status.code)
        block.append("date", slot.date.now())
        for field in head.headerFields where !Self.isOfConnection(field.name) {
            block.append(field.name.canonicalName, field.value)
        }
        stream.send(block)
        stream.flush()
    }

    private static func isOfConnection(_ name: HTTPField.Name) -> Bool {
        ["connection", "keep-alive", "transfer-encoding", "upgrade"].contains(name.canonicalName)
    }

    fileprivate func write(_ bytes: ByteBuffer, _ written: CheckedContinuation<Void, any Error>) {
        guard stream.isOpen else { return written.resume(throwing: ChannelError.ioOnClosedChannel) }
        stream.send(bytes)
        stream.flush()
        if stream.waitingBytes > Self.mostWaiting { waiting = written } else { written.resume() }
    }

    fileprivate func fail() { stream.reset(.internalError) }

    fileprivate func finish() {
        stream.end()
        stream.flush()
    }

    func drained() { resume(throwing: nil) }

    private func resume(throwing error: (any Error)?) {
        guard let waiting else { return }
        self.waiting = nil
        if let error { waiting.resume(throwing: error) } else { waiting.resume() }
    }
}

/// What the framework writes its answer to.
private struct HTTP2AnswerWriter: ResponseBodyWriter {
    let exchange: NIOLoopBound<HTTP2ForwardedRequest>

    func begin(_ head: HTTPResponse) async throws { try await onLoop { $0.begin(head) } }

    func write(_ buffer: ByteBuffer) async throws {
        try await withCheckedThrowingContinuation { written in
            exchange.eventLoop.execute { exchange.value.write(buffer, written) }
        }
    }

    consuming func finish(_: HTTPFields?) async throws { try await onLoop { $0.finish() } }

    func onLoop(_ body: @escaping @Sendable (HTTP2ForwardedRequest) -> Void) async throws {
        try await exchange.eventLoop.submit { body(exchange.value) }.get()
    }
}
