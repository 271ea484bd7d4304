// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// The one timer of a connection. It is not moved at every request: when it fires too early, it is set again.
struct ConnectionTimer {
    private var scheduled: Scheduled<Void>?
    private(set) var deadline = NIODeadline.distantFuture

    mutating func set(_ deadline: NIODeadline, on loop: any EventLoop, _ body: @escaping () -> Void) {
        scheduled?.cancel()
        self.deadline = deadline
        scheduled = loop.assumeIsolated().scheduleTask(deadline: deadline, body)
    }

    mutating func cancel() {
        scheduled?.cancel()
        scheduled = nil
        deadline = .distantFuture
    }
}

/// How a connection ends: behind its last answer, or because nothing happens.
extension ConnectionHandler {
    func startTimer(_ context: ChannelHandlerContext) { setTimer(.now() + settings.idleTimeout, context) }

    /// A request that does not come at once has less time than an idle connection.
    func startArrivalTimer(_ context: ChannelHandlerContext) {
        quietSince = .now()
        let deadline = quietSince + settings.bodyTimeout
        if timer.deadline > deadline { setTimer(deadline, context) }
    }

    /// A connection that is silent when the server begins to stop may have a request on its way.
    func startDrainTimer(_ context: ChannelHandlerContext) {
        guard phase == .idle, !isArriving else { return }
        quietSince = .now()
        setTimer(quietSince + settings.drainIdleTimeout, context)
    }

    private func setTimer(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        timer.set(deadline, on: context.eventLoop) { [self] in
            if let context = self.context { timerFired(context) }
        }
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        let patience =
            switch phase {
            case .closing: settings.lingerTimeout
            case .idle where isDraining && !isArriving: settings.drainIdleTimeout
            case .idle, .collecting, .computing, .forwarding:
                isArriving ? settings.bodyTimeout : settings.idleTimeout
            }
        if isUploading {
            if forwarded.isTooSlow(after: settings.bodyTimeout) {
                failForwarded(.tooSlow, context)
                turn(context)
                return flushIfNeeded(context)
            }
            return setTimer(min(quietSince + settings.idleTimeout, .now() + settings.bodyTimeout), context)
        }
        // A lane or the framework may take its time once it has the whole request.
        let deadline = mustHold ? .now() + patience : quietSince + patience
        guard deadline <= .now() else { return setTimer(deadline, context) }
        guard isArriving else { return context.close(promise: nil) }
        // Whoever does not read why has as long again.
        setTimer(.now() + settings.bodyTimeout, context)
        refuse(.tooSlow, context)
        flushIfNeeded(context)
    }

    /// A client that has sent all it will may be gone, or may wait for its answer: the kernels tell these apart only when
    /// something is sent. An interim answer, which every client of HTTP/1.1 passes over, makes the kernel of one that is
    /// gone reset the connection; then what waits for its turn is dropped.
    func findOutWhetherAnybodyReads(_ context: ChannelHandlerContext) {
        guard phase == .computing, request.isVersion11 else { return }
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// Ends the connection once everything written is with the kernel.
    ///
    /// - Parameter lingers: Whether to wait for the client to end first, because closing on bytes that nobody read would
    ///   reset the connection and take the answer with it.
    func closeWhenWritten(_ context: ChannelHandlerContext, lingers: Bool = false) {
        guard phase != .closing else { return }
        phase = .closing
        input.clear()
        quietSince = .now()
        isWritingLast = true
        needsFlush = false
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            isWritingLast = false
            guard let context = self.context else { return }
            guard lingers, !isInputClosed else { return context.close(promise: nil) }
            context.close(mode: .output, promise: nil)
            setTimer(.now() + settings.lingerTimeout, context)
        }
    }
}
