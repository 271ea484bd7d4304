// SPDX-License-Identifier: Apache-2.0
package import NIOCore
internal import NIOHPACK

/// An HTTP/2 connection of a server (RFC 9113), on the bytes of its channel.
///
/// Frames are read and written in place: no channel, no task and no promise for a stream. All answers to one read go out in
/// one write. What comes from outside is bounded everywhere: see ``HTTP2Limits`` and ``FloodGuard``.
package final class HTTP2Connection: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// The client's first bytes.
    package static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    enum Phase {
        case preface
        /// The preface is here; the first frame has to be the peer's settings.
        case greeting
        case open
        /// The last frame is written; what still arrives is dropped.
        case closing
    }

    let limits: HTTP2Limits
    let service: any HTTP2Service
    private var context: ChannelHandlerContext?
    private(set) var eventLoop: (any EventLoop)?
    private(set) var channel: (any Channel)?

    // What arrives.
    var phase = Phase.preface
    var input = ByteBuffer()
    /// The DATA frame that is arriving: what is still to come of it.
    var data: (stream: StreamID, left: Int, ends: Bool)?
    /// The header block that is arriving in several frames.
    var block: (stream: StreamID, bytes: ByteBuffer, endsStream: Bool)?
    var decoder: HPACKDecoder
    var known: KnownHeader?
    var peer = PeerSettings()
    var flood = FloodGuard()
    var receiveWindow: Int
    var uncredited = 0
    /// Of all streams together.
    var heldBytes = 0

    // The streams.
    var streams: [StreamID: HTTP2Stream] = [:]
    /// The highest that the peer has begun.
    var lastStream: StreamID = 0
    /// What it passed over on the way there; the newest few.
    var passedOver: [ClosedRange<StreamID>] = []
    /// Streams above it are not taken any more.
    var lastTaken: StreamID = .max
    var isDraining = false

    // What goes out.
    var output = ByteBuffer()
    var sendWindow = 65_535
    /// Streams with something that waits for ``sendWindow``, in their turns.
    var blocked: [HTTP2Stream] = []
    /// The newest streams that were reset here. What was on its way to them is passed over (RFC 9113, 5.1).
    var resetHere = RecentStreams()
    var waitingBytes = 0
    /// Since when the peer has taken nothing of what waits.
    var stalledSince = NIODeadline.distantFuture
    var owesTableUpdate = false
    private var isFlushScheduled = false
    private(set) var isReading = false
    /// Whether somebody asked for more bytes while the peer does not read what it is sent.
    private var isReadHeld = false

    // Time.
    private var timer: Scheduled<Void>?
    /// Since when there is no request.
    var quietSince = NIODeadline.now()
    /// Since when a frame is arriving that is not whole.
    private var partialSince = NIODeadline.distantFuture
    /// Frames that were looked at, and how many it were when the last read ended.
    var frameCount = 0
    private var seenCount = 0

    package init(_ service: any HTTP2Service, limits: HTTP2Limits) {
        self.service = service
        self.limits = limits
        receiveWindow = limits.connectionWindow
        decoder = HPACKDecoder(
            allocator: ByteBufferAllocator(), maxDynamicTableSize: 4096, maxHeaderListSize: limits.headerList)
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        eventLoop = context.eventLoop
        channel = context.channel
        limits.writeGreeting(into: &output)
        if context.channel.isActive { flush() }
        scheduleCheck(context)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        timer?.cancel()
    }

    package func channelActive(context: ChannelHandlerContext) {
        flush()
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        guard phase != .closing else { return }
        if input.readableBytes == 0 {
            input = bytes
        } else {
            // A frame may lie across every read.
            if input.readerIndex >= 1 << 16 { input.discardReadBytes() }
            input.writeBuffer(&bytes)
        }
        isReading = true
        takeInput()
    }

    private func endRead() {
        guard isReading else { return }
        service.readEnded()
        isReading = false
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        endRead()
        let isPartial =
            input.readableBytes > 0 || data != nil || block != nil || phase == .preface || phase == .greeting
        if !isPartial {
            partialSince = .distantFuture
        } else if partialSince == .distantFuture || (frameCount > seenCount + 1 && block == nil) {
            partialSince = .now()
        }
        seenCount = frameCount
        flush()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        phase = .closing
        cancelAll()
        endRead()
        timer?.cancel()
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The connection itself failed: nobody is left to answer.
        context.close(promise: nil)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            writeBlocked()
            if isReadHeld {
                isReadHeld = false
                context.read()
            }
        }
        flush()
        context.fireChannelWritabilityChanged()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: drain()
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Out

    package func read(context: ChannelHandlerContext) {
        // Whoever does not read what they are sent is not read either, so that nothing piles up.
        if context.channel.isWritable || phase == .closing { context.read() } else { isReadHeld = true }
    }

    /// Writes what has gathered.
    func flush() {
        guard let context, output.readableBytes > 0 else { return }
        // Taken away first: writing may have more written, from in here.
        var bytes = output
        output = ByteBuffer()
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        guard output.readableBytes == 0, bytes.storageCapacity <= 1 << 17 else { return }
        // Usually it is with the kernel by now, and the storage is free to be written again.
        bytes.clear()
        output = bytes
    }

    func flushSoon() {
        guard !isFlushScheduled, !isReading, let context else { return }
        isFlushScheduled = true
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute {
            connection.value.isFlushScheduled = false
            connection.value.flush()
        }
    }

    /// Says why, and closes the connection once that is written.
    func fail(_ fault: ConnectionFault) {
        guard phase != .closing else { return }
        output.writeGoAway(fault.code, last: lastStream, reason: fault.reason)
        close()
    }

    func close() {
        guard phase != .closing, let context else { return }
        phase = .closing
        input.clear()
        cancelAll()
        let written = context.eventLoop.makePromise(of: Void.self)
        let bytes = output
        output = ByteBuffer()
        context.writeAndFlush(NIOAny(bytes), promise: written)
        written.futureResult.assumeIsolated().whenComplete { _ in
            // Half closed first: a close over bytes that nobody read would reset the connection, and take the reason along.
            context.close(mode: .output, promise: nil)
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(200)) { context.close(promise: nil) }
        }
    }

    private func cancelAll() {
        let open = streams.values
        streams.removeAll()
        blocked.removeAll()
        for stream in open { abandon(stream) }
    }

    // MARK: Time

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        timer = loop.scheduleTask(in: isDraining ? .milliseconds(200) : .seconds(2)) { [weak self] in self?.check() }
    }

    private func check() {
        guard let context, phase != .closing else { return }
        let now = NIODeadline.now()
        if partialSince < now - limits.arrivalTimeout {
            fail(ConnectionFault(.enhanceYourCalm, "a frame did not arrive in time"))
        } else if stalledSince < now - limits.arrivalTimeout {
            fail(ConnectionFault(.enhanceYourCalm, "answers are not read"))
        } else if streams.isEmpty, quietSince < now - limits.idleTimeout {
            fail(ConnectionFault(.noError, ""))
        } else {
            for stream in Array(streams.values) where stream.isReceiving && stream.arrivalDeadline < now {
                stream.arrivalDeadline = .distantFuture
                if stream.isSending { stream.exchange?.timedOut() } else { reset(stream, .noError) }
            }
            flush()
        }
        if phase != .closing { scheduleCheck(context) }
    }

    /// The server stops: no new requests after a while, and the end once those that are here are answered.
    private func drain() {
        guard !isDraining, phase != .closing, let context else { return }
        isDraining = true
        output.writeGoAway(.noError, last: StreamID(Int32.max))
        flush()
        let loop = context.eventLoop.assumeIsolated()
        loop.scheduleTask(in: limits.drainTimeout) { [weak self] in self?.refuseMore() }
    }

    private func refuseMore() {
        guard phase != .closing else { return }
        lastTaken = lastStream
        output.writeGoAway(.noError, last: lastStream)
        for stream in Array(streams.values) { stream.exchange?.serverStops() }
        flush()
        closeIfDrained()
    }

    func closeIfDrained() {
        if lastTaken != .max, streams.isEmpty { close() }
    }
}
