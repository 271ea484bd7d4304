// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import NIOHTTP1
internal import Tensors

/// Answers predictions, health and metadata on the event loop, and passes every other request on to the framework.
///
/// Requests of a connection are answered in the order in which they came. While one is being answered elsewhere, by a
/// lane or by the framework, later ones are held and no more is read: what is held is what one read brought.
final class PredictionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    enum Phase {
        /// Nothing is asked; the next part is a head.
        case idle
        /// A request of ours arrives: see ``FastRequest``.
        case collecting
        /// A lane computes the answer.
        case computing
        /// The framework has the request, and its answer may have begun.
        case forwarding
        /// The last answer is written; what still arrives is dropped.
        case closing
    }

    let slot: EventLoopSlot
    let settings: HTTPServerSettings
    /// Writes through this context go straight to the socket: our answers are encoded already.
    let pastEncoder: ChannelHandlerContext
    var gate: ConnectionGate
    /// For answers of a lane, which come outside of any event of the channel.
    var context: ChannelHandlerContext?

    var phase = Phase.idle
    /// The request that is collected or computed.
    var request = FastRequest()
    /// Where the last prediction went: clients ask at the same place again and again.
    var knownTarget: (uri: String, route: FastRoute)?
    var forwarded = ForwardedRequest()
    var held = CircularBuffer<HTTPServerRequestPart>()
    /// Whether somebody asked for more bytes while none may be read.
    var isReadHeld = false
    var needsFlush = false
    /// Whether the last answer is not yet with the kernel.
    var isWritingLast = false
    /// Whether parts were passed on since the framework was last told that a read is complete.
    var needsReadComplete = false
    /// Whether the server shuts down.
    var isDraining = false
    /// Whether the client has sent all it will, or what cannot be parsed.
    var isInputClosed = false
    var isInputBroken = false
    /// Since when nothing was asked, or nothing more arrived.
    var quietSince = NIODeadline.now()
    var timer = ConnectionTimer()

    init(slot: EventLoopSlot, settings: HTTPServerSettings, pastEncoder: ChannelHandlerContext, gate: ConnectionGate) {
        self.slot = slot
        self.settings = settings
        self.pastEncoder = pastEncoder
        self.gate = gate
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        startTimer(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        timer.cancel()
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = Self.unwrapInboundIn(data)
        if mustHold || !held.isEmpty {
            held.append(part)
        } else {
            take(part, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        finishTurn(context)
        if phase == .collecting { startBodyTimer(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        finishTurn(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isDraining = true
            startDrainTimer(context)
        case ChannelEvent.inputClosed:
            isInputClosed = true
            // Behind a whole request the framework may still have to answer others, which are held here.
            if phase == .forwarding, !forwarded.isRequestComplete { context.fireUserInboundEventTriggered(event) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
        finishTurn(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            // The connection itself failed, or bytes followed what could not be parsed: nobody is left to answer.
            if !(error is ByteToMessageDecoderError) { context.close(promise: nil) }
            return
        }
        isInputBroken = true
        if phase == .forwarding, !forwarded.isRequestComplete { context.fireErrorCaught(error) }
        finishTurn(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closing
        held.removeAll()
        timer.cancel()
        context.fireChannelInactive()
    }

    // MARK: Outbound

    func read(context: ChannelHandlerContext) {
        if mayRead(context) {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        writeForwarded(Self.unwrapOutboundIn(data), promise, context)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // The framework closes its side of a connection when it has read to the end, which says nothing of ours.
        guard mode == .all || phase == .idle || phase == .closing else {
            promise?.succeed()
            return
        }
        context.close(mode: mode, promise: promise)
    }
}

extension PredictionHandler {
    /// Whether the next part has to wait for an answer.
    var mustHold: Bool {
        switch phase {
        case .computing: true
        case .forwarding: forwarded.isRequestComplete
        case .idle, .collecting, .closing: false
        }
    }

    func mayRead(_ context: ChannelHandlerContext) -> Bool {
        !mustHold && held.isEmpty && (context.channel.isWritable || phase == .closing)
    }

    func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch phase {
        case .idle:
            if case .head(let head) = part { begin(head, context) }
        case .collecting:
            switch part {
            case .head: break
            case .body(let bytes): collect(bytes, context)
            case .end: finishRequest(context)
            }
        case .forwarding: forward(part, context)
        case .computing, .closing: break
        }
    }

    /// After anything happened: takes up what was held, ends what has ended, and lets bytes flow again.
    func finishTurn(_ context: ChannelHandlerContext) {
        while !mustHold, let part = held.popFirst() { take(part, context) }
        if phase == .idle || phase == .collecting, isInputBroken {
            refuseBrokenInput(context)
        } else if phase == .idle, isInputClosed {
            closeWhenWritten(context)
        } else if phase == .closing, isInputClosed, !isWritingLast {
            context.close(promise: nil)
        }
        if needsReadComplete {
            needsReadComplete = false
            context.fireChannelReadComplete()
        }
        if needsFlush {
            needsFlush = false
            pastEncoder.flush()
        }
        if isReadHeld, mayRead(context) {
            isReadHeld = false
            context.read()
        }
    }
}
