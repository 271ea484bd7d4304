// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import WireTypes

/// A server on a port of its own that answers as a test scripts it, and keeps what it was asked.
final class FakeServer: Sendable {
    struct Request: Sendable {
        /// `POST /v1/registry/models/churn/versions`
        let line: String
        let headers: HTTPHeaders
        let body: [UInt8]

        func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: Data(body))
        }
    }

    struct Reply: Sendable {
        var status = 200
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        /// Closes the connection without any answer.
        var hangsUp = false

        static func json(_ value: some Encodable, status: Int = 200) throws -> Reply {
            Reply(status: status, body: Array(try JSONEncoder().encode(value)))
        }

        static func problem(_ explanation: Explanation) throws -> Reply {
            try json(ProblemV1(explanation), status: explanation.kind.httpStatus)
        }
    }

    private let received = Mutex<[Request]>([])
    private let script: @Sendable (Request) throws -> Reply?
    private let port = Mutex<Int>(0)

    var url: String { "http://127.0.0.1:\(port.withLock { $0 })" }
    var local: LocalServer { LocalServer(url: url, token: "secret", processID: 42) }
    var requests: [Request] { received.withLock { $0 } }
    var lines: [String] { requests.map(\.line) }

    private init(_ script: @escaping @Sendable (Request) throws -> Reply?) { self.script = script }

    /// - Parameter script: `nil` is answered with 404 and no explanation.
    static func with(
        _ script: @escaping @Sendable (Request) throws -> Reply?, _ body: (FakeServer) async throws -> Void
    ) async throws {
        let server = FakeServer(script)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Responder(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.port.withLock { $0 = channel.localAddress?.port ?? 0 }
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        try await channel.close()
        try result.get()
    }

    fileprivate func reply(to request: Request) -> Reply {
        received.withLock { $0.append(request) }
        do {
            return try script(request) ?? Reply(status: 404)
        } catch {
            return Reply(status: 500, body: Array("\(error)".utf8))
        }
    }
}

private final class Responder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: FakeServer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ server: FakeServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer):
            body += buffer.readableBytesView
        case .end:
            guard let head else { return }
            answer(
                server.reply(
                    to: .init(line: "\(head.method) \(head.uri)", headers: head.headers, body: body)),
                isHead: head.method == .HEAD, context: context)
        }
    }

    private func answer(_ reply: FakeServer.Reply, isHead: Bool, context: ChannelHandlerContext) {
        guard !reply.hangsUp else { return context.close(promise: nil) }
        var headers = HTTPHeaders(reply.headers)
        headers.add(name: "content-length", value: "\(reply.body.count)")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
