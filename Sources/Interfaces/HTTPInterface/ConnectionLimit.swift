// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import NIOCore

/// Stops accepting while as many connections are open as are allowed, or the process has no file left for another. More
/// wait in the kernel's queue.
final class ConnectionLimit: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    private let limit: Int
    private var openCount = 0
    private var isReadHeld = false

    init(_ limit: Int) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = Self.unwrapInboundIn(data)
        openCount += 1
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        connection.closeFuture.whenComplete { _ in
            bound.eventLoop.execute {
                let (limit, context) = bound.value
                limit.closed(context)
            }
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if openCount < limit {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        // NIO would be told again and again that somebody waits, and find no file for them each time.
        pause(context)
    }

    /// Accepts nothing for a while; what may have become free is then found out by trying.
    private func pause(_ context: ChannelHandlerContext) {
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenComplete { _ in
            channel.eventLoop.scheduleTask(in: Self.pauseLength) {
                // Switching it on reads by itself only where no read is pending, and after a failed one NIO has it so.
                channel.setOption(.autoRead, value: true).whenSuccess { channel.read() }
            }
        }
    }

    private static let pauseLength = TimeAmount.milliseconds(200)

    private func closed(_ context: ChannelHandlerContext) {
        openCount -= 1
        guard isReadHeld else { return }
        isReadHeld = false
        context.read()
    }
}
