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
extension PredictionHandler {
    func startTimer(_ context: ChannelHandlerContext) { setTimer(.now() + settings.idleTimeout, context) }

    /// A body that does not come with its head has less time than an idle connection.
    func startBodyTimer(_ context: ChannelHandlerContext) {
        let deadline = quietSince + settings.bodyTimeout
        if timer.deadline > deadline { setTimer(deadline, context) }
    }

    /// A connection that is silent when the server begins to stop may have a request on its way.
    func startDrainTimer(_ context: ChannelHandlerContext) {
        guard phase == .idle else { return }
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
            case .collecting: settings.bodyTimeout
            case .closing: settings.lingerTimeout
            case .idle where isDraining: settings.drainIdleTimeout
            case .idle, .computing, .forwarding: settings.idleTimeout
            }
        // A lane or the framework may take its time once it has the whole request.
        let deadline = mustHold ? .now() + patience : quietSince + patience
        guard deadline <= .now() else { return setTimer(deadline, context) }
        setTimer(.now() + settings.idleTimeout, context)
        if phase == .collecting {
            refuseSlowBody(context)
        } else {
            context.close(promise: nil)
        }
    }

    /// Ends the connection once everything written is with the kernel.
    ///
    /// - Parameter lingers: Whether to wait for the client to end first, because closing on bytes that nobody read would
    ///   reset the connection and take the answer with it.
    func closeWhenWritten(_ context: ChannelHandlerContext, lingers: Bool = false) {
        guard phase != .closing else { return }
        phase = .closing
        held.removeAll()
        quietSince = .now()
        isWritingLast = true
        let written = context.eventLoop.makePromise(of: Void.self)
        pastEncoder.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer())), promise: written)
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            isWritingLast = false
            guard let context = self.context else { return }
            guard lingers, !isInputClosed else { return context.close(promise: nil) }
            context.close(mode: .output, promise: nil)
            setTimer(.now() + settings.lingerTimeout, context)
        }
    }
}
