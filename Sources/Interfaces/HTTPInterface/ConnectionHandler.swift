// SPDX-License-Identifier: Apache-2.0
internal import HTTP2Connections
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// A connection: reads requests from its bytes, answers predictions, health and metadata on the event loop, and hands
/// every other request on to NIO's codec and the web framework behind it: its bytes as they came, chunks framed anew.
///
/// Requests of a connection are answered in the order in which they came. While one is being answered elsewhere, by a
/// lane or by the framework, later ones are held and no more is read: what is held is what one read brought.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Nothing is asked; the next bytes are a head.
        case idle
        /// A request of ours arrives: see ``FastRequest``.
        case collecting
        /// A lane computes the answer, or the model is being loaded.
        case computing
        /// The framework has the request, and its answer may have begun.
        case forwarding
        /// The last answer is written; what still arrives is dropped.
        case closing
    }

    let slot: EventLoopSlot
    let settings: HTTPServerSettings
    let administration: AdministrationChannel
    /// What answers when the client speaks HTTP/2.
    private let http2: (ConnectionGate) -> HTTP2Connection
    private var isFirstRead = true
    var gate: ConnectionGate
    /// For answers of a lane or the framework, which come outside of any event of the channel.
    var context: ChannelHandlerContext?

    var phase = Phase.idle
    var heads: HeadReader
    /// What has arrived and was not taken up yet.
    var input = ByteBuffer()
    /// The request that is collected or computed.
    var request: FastRequest
    var pending: PendingAnswer?
    var forwarded = ForwardedRequest()
    /// Whether the framework's handlers are in the pipeline.
    var isFrameworkThere = false
    /// Whether somebody asked for more bytes while none may be read.
    var isReadHeld = false
    var needsFlush = false
    /// Whether the last answer is not yet with the kernel.
    var isWritingLast = false
    /// Whether bytes were passed on since the framework was last told that a read is complete.
    var needsReadComplete = false
    /// Whether the server shuts down.
    var isDraining = false
    /// Whether the client has sent all it will.
    var isInputClosed = false
    /// Since when nothing was asked, or nothing more arrived.
    var quietSince = NIODeadline.now()
    var timer = ConnectionTimer()
    /// Whether ``quietSince`` says when the request began that is arriving now.
    private var isArrivalTimed = false
    private var isTurning = false
    private var needsTurn = false

    init(
        slot: EventLoopSlot, settings: HTTPServerSettings, administration: AdministrationChannel, gate: ConnectionGate,
        http2: @escaping (ConnectionGate) -> HTTP2Connection
    ) {
        self.http2 = http2
        self.slot = slot
        self.settings = settings
        self.administration = administration
        self.gate = gate
        request = slot.unreadable
        heads = HeadReader(container: settings.container)
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
        var bytes = Self.unwrapInboundIn(data)
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeBuffer(&bytes)
        }
        if isFirstRead, switchesToHTTP2(context) { return }
        turn(context)
    }

    /// A client of HTTP/2 says so with its first bytes, whatever was agreed on over TLS.
    ///
    /// - Returns: Whether there is nothing to be done here: not yet, or not any more.
    private func switchesToHTTP2(_ context: ChannelHandlerContext) -> Bool {
        let preface: StaticString = "PRI "
        let count = min(input.readableBytes, preface.utf8CodeUnitCount)
        let isPreface = unsafe input.withUnsafeReadableBytes { bytes in
            unsafe zip(bytes.prefix(count), UnsafeBufferPointer(start: preface.utf8Start, count: count))
                .allSatisfy { $0 == $1 }
        }
        guard isPreface else {
            isFirstRead = false
            return false
        }
        guard count == preface.utf8CodeUnitCount else { return true }
        let (bytes, pipeline) = (input, context.pipeline.syncOperations)
        input = ByteBuffer()
        do {
            let connection = http2(gate)
            try pipeline.addHandler(connection, position: .after(self))
            context.fireChannelRead(Self.wrapInboundOut(bytes))
            context.fireChannelReadComplete()
            pipeline.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
        return true
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        turn(context)
        flushIfNeeded(context)
        let isIncomplete = isArriving || isUploading
        if isIncomplete, !isArrivalTimed { startArrivalTimer(context) }
        isArrivalTimed = isIncomplete
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        turn(context)
        flushIfNeeded(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isDraining = true
            startDrainTimer(context)
        case ChannelEvent.inputClosed:
            isInputClosed = true
            findOutWhetherAnybodyReads(context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
        turn(context)
        flushIfNeeded(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The connection itself failed: nobody is left to answer.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closing
        // The framework takes the end of the connection for the end of the body: it would keep half a file.
        if isFrameworkThere, !forwarded.reader.isComplete { context.fireErrorCaught(bodyBrokeOff) }
        input.clear()
        pending?.abandon()
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

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // The framework closes its side of a connection when it has read to the end, which says nothing of ours.
        guard mode == .all || phase == .idle || phase == .closing else {
            promise?.succeed()
            return
        }
        context.close(mode: mode, promise: promise)
    }
}

extension ConnectionHandler {
    /// Whether the next request has to wait for an answer.
    var mustHold: Bool {
        switch phase {
        case .computing: true
        case .forwarding: forwarded.reader.isComplete
        case .idle, .collecting, .closing: false
        }
    }

    /// Whether a part of a request of ours is here, and the rest is not.
    var isArriving: Bool { phase == .collecting || (phase == .idle && input.readableBytes > 0) }

    /// Whether a part of a request for the framework is still to come.
    var isUploading: Bool { phase == .forwarding && !forwarded.reader.isComplete }

    private func mayRead(_ context: ChannelHandlerContext) -> Bool {
        !mustHold && (context.channel.isWritable || phase == .closing)
    }

    /// After anything happened: takes up what has arrived, ends what has ended, and lets bytes flow again.
    func turn(_ context: ChannelHandlerContext) {
        // A flush can bring about another turn inside of this one.
        guard !isTurning else {
            needsTurn = true
            return
        }
        isTurning = true
        repeat {
            needsTurn = false
            advance(context)
            endWhatHasEnded(context)
            if needsReadComplete {
                needsReadComplete = false
                context.fireChannelReadComplete()
            }
        } while needsTurn
        isTurning = false
        if isReadHeld, mayRead(context) {
            isReadHeld = false
            context.read()
        }
    }

    /// Several answers to one read go out together.
    func flushIfNeeded(_ context: ChannelHandlerContext) {
        guard needsFlush else { return }
        needsFlush = false
        context.flush()
    }

    private func advance(_ context: ChannelHandlerContext) {
        while input.readableBytes > 0 {
            switch phase {
            case .idle:
                if !context.channel.isWritable { flushIfNeeded(context) }
                guard context.channel.isWritable, beginRequest(context) else { return }
            case .collecting: collect(context)
            case .forwarding:
                guard !forwarded.reader.isComplete else { return }
                passOn(context)
            case .computing: return
            case .closing: input.clear()
            }
        }
    }

    private func endWhatHasEnded(_ context: ChannelHandlerContext) {
        switch phase {
        case .collecting where isInputClosed: refuse(.malformed("It ends before its body does."), context)
        case .idle where isInputClosed && input.readableBytes > 0 && context.channel.isWritable:
            refuse(.malformed("It ends before its head does."), context)
        case .idle where isInputClosed && input.readableBytes == 0: closeWhenWritten(context)
        case .forwarding where isInputClosed && !forwarded.reader.isComplete && input.readableBytes == 0:
            failForwarded(.malformed("It ends before its body does."), context)
        case .closing where isInputClosed && !isWritingLast: context.close(promise: nil)
        case .idle, .collecting, .computing, .forwarding, .closing: break
        }
    }
}
