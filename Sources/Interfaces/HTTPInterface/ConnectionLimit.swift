// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// Stops accepting while as many connections are open as are allowed. More wait in the kernel's queue.
///
/// The limit is below what the process may open: when `accept` itself fails for want of a file, NIO asks again at once.
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

    private func closed(_ context: ChannelHandlerContext) {
        openCount -= 1
        guard isReadHeld else { return }
        isReadHeld = false
        context.read()
    }
}
