// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server that answers `{}` to everything, and can be told to misbehave at one request.
final class StallingServer: Sendable {
    enum Answer: Sendable {
        case at(status: Int, body: String)
        /// Nobody gets an answer until this time is over.
        case stall(milliseconds: Int)
        case hangUp
        case silence
    }

    private let count = Atomic<Int>(0)
    private let script: @Sendable (_ request: Int) -> Answer

    private init(_ script: @escaping @Sendable (Int) -> Answer) { self.script = script }

    /// - Parameter script: What to answer to the n-th request, counted from 0 over all connections.
    static func with(
        _ script: @escaping @Sendable (_ request: Int) -> Answer, _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let server = StallingServer(script)
        // One loop of its own: while it sleeps, every connection waits.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Responder(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Void, any Error>
        do { result = .success(try await body(channel.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try await channel.close()
        try await group.shutdownGracefully()
        try result.get()
    }

    fileprivate func next() -> Answer { script(count.add(1, ordering: .relaxed).oldValue) }
}

private final class Responder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: StallingServer

    init(_ server: StallingServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        switch server.next() {
        case .at(let status, let body):
            answer(status, body, context)
        case .stall(let milliseconds):
            Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
            answer(200, "{}", context)
        case .hangUp: context.close(promise: nil)
        case .silence: break
        }
    }

    private func answer(_ status: Int, _ body: String, _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: status), headers: ["content-length": "\(body.utf8.count)"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
