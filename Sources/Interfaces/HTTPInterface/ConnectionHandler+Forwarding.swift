// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import NIOCore
internal import NIOHTTP1

/// A request that the framework answers.
struct ForwardedRequest {
    private static let leastBytesPerSecond = 1024.0

    var reader = BodyReader(.length(0))
    /// Whether the request is HTTP/1.1, as against 1.0.
    var isVersion11 = true
    /// Whether the request was HEAD, whose answer has no body.
    var isHead = false
    /// Whether the connection ends behind the answer.
    var isLast = false
    var hasBegunAnswer = false
    /// How much of it was passed on, and since when it comes.
    var byteCount = 0
    let beganAt = NIODeadline.now()

    /// Whether the body comes more slowly than any upload that is meant.
    func isTooSlow(after patience: TimeAmount) -> Bool {
        let elapsed = NIODeadline.now() - beganAt
        return elapsed >= patience && Double(byteCount) < Double(elapsed.nanoseconds) / 1e9 * Self.leastBytesPerSecond
    }
}

/// Why a body has no end.
let bodyBrokeOff = Refusal(
    .bodySyntax, .invalidInput, "The connection ended in the middle of the body.", hint: "Send it again.")

extension ConnectionHandler {
    func beginForwarding(_ head: RequestHead, _ context: ChannelHandlerContext) {
        if let length = head.facts.contentLength, length > administration.bodyLimit(of: head.target) {
            return refuse(.bodyTooLarge, context, as: .problem)
        }
        guard isFrameworkThere || installFramework(context) else { return }
        phase = .forwarding
        forwarded = ForwardedRequest(
            reader: BodyReader(head.framing), isVersion11: head.isVersion11, isHead: head.method == .head,
            // NIO's parser stops behind an offer of another protocol.
            isLast: !head.keepsAlive || head.facts.offersUpgrade || head.method == .other("CONNECT"))
        // Without a token the framework refuses whatever comes, so it need not come.
        if head.facts.expectsContinue, head.facts.authorization != nil, !forwarded.reader.isComplete {
            writeContinue(context)
        }
        if let bytes = input.readSlice(length: head.byteCount) { passOn(bytes, context) }
    }

    private func installFramework(_ context: ChannelHandlerContext) -> Bool {
        do {
            try administration.install(behind: self, on: context.channel)
            isFrameworkThere = true
            return true
        } catch {
            // Handlers cannot be added to a channel that is gone.
            context.close(promise: nil)
            return false
        }
    }

    /// Hands on what there is of the body.
    func passOn(_ context: ChannelHandlerContext) {
        do throws(RequestFault) {
            if let bytes = try forwarded.reader.framed(from: &input) { passOn(bytes, context) }
        } catch {
            failForwarded(error, context)
        }
    }

    private func passOn(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        quietSince = .now()
        forwarded.byteCount += bytes.readableBytes
        needsReadComplete = true
        context.fireChannelRead(Self.wrapInboundOut(bytes))
    }

    /// The framework has a request whose end will never be known.
    func failForwarded(_ fault: RequestFault, _ context: ChannelHandlerContext) {
        if forwarded.hasBegunAnswer {
            // Nothing more can be said that would be understood.
            closeWhenWritten(context)
        } else {
            // What the framework may still answer is dropped: see `AnswerWatcher`.
            refuse(fault, context, as: .problem)
        }
    }

    /// NIO's parser knows nothing of what it was handed.
    func forwardedRequestIsUnknown() {
        guard phase == .forwarding, let context else { return }
        failForwarded(.malformed("Its method or its target is none that is known here."), context)
        turn(context)
        flushIfNeeded(context)
    }

    /// Before the head of the framework's answer goes out.
    ///
    /// - Returns: Whether the connection ends behind the answer.
    func forwardedAnswerBegins() -> Bool {
        forwarded.hasBegunAnswer = true
        // Answered before the request has ended: the rest of it is not worth reading.
        if !forwarded.reader.isComplete || (isDraining && input.readableBytes == 0) { forwarded.isLast = true }
        return forwarded.isLast
    }

    /// Behind the last byte of the framework's answer.
    func forwardedAnswerEnded() {
        guard phase == .forwarding, let context else { return }
        needsFlush = true
        quietSince = .now()
        phase = .idle
        if forwarded.isLast { closeWhenWritten(context, lingers: !forwarded.reader.isComplete) }
        turn(context)
        flushIfNeeded(context)
    }
}

/// Stands between NIO's codec and the framework, and tells the connection where an answer begins and ends.
final class AnswerWatcher: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: ConnectionHandler

    init(_ connection: ConnectionHandler) { self.connection = connection }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard connection.phase == .forwarding else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .head(var head):
            head.headers.replaceOrAdd(name: "date", value: connection.slot.date.now())
            if connection.forwardedAnswerBegins() {
                head.headers.replaceOrAdd(name: "connection", value: "close")
            } else if !connection.forwarded.isVersion11 {
                head.headers.replaceOrAdd(name: "connection", value: "keep-alive")
            }
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .body where connection.forwarded.isHead:
            promise?.succeed()
        case .body(let bytes):
            context.write(Self.wrapOutboundOut(.body(bytes)), promise: promise)
        case .end(let trailers):
            context.write(Self.wrapOutboundOut(.end(trailers)), promise: promise)
            connection.forwardedAnswerEnded()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError {
            connection.forwardedRequestIsUnknown()
        } else if !(error is ByteToMessageDecoderError) {
            context.fireErrorCaught(error)
        }
    }
}
