// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOHTTPTypes
internal import NIOPosix
internal import ServiceLifecycle

/// Accepts connections, from an address of its own or a socket that it was handed, and runs the framework behind them.
struct WebListener<Responder: HTTPResponder>: Sendable where Responder.Context == AdministrationContext {
    private typealias Connection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let settings: HTTPServerSettings
    let slots: EventLoopSlots
    let responder: Responder
    let logger: Logger
    let onListening: @Sendable (_ port: Int) async -> Void

    /// Until it is shut down gracefully: then what was accepted is answered.
    func run() async throws {
        let channels = PredictionChannel(
            responder: { request, writer, channel in
                let context = AdministrationContext(source: .init(channel: channel, logger: logger))
                let response =
                    (try? await responder.respond(to: request, context: context))
                    ?? Response(status: .internalServerError)
                try await writer.write(response: response.head, body: response.body)
            }, slots: slots, settings: settings)
        let group = MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerQuiescingHelper(group: group)
        let listener = try await bind(group, quiescing) { channel in channels.setup(channel: channel, logger: logger) }
        try await withGracefulShutdownHandler {
            await onListening(listener.channel.localAddress?.port ?? 0)
            try await withThrowingDiscardingTaskGroup { connections in
                try await listener.executeThenClose { inbound in
                    for try await connection in inbound {
                        connections.addTask { await channels.handle(value: connection, logger: logger) }
                    }
                }
            }
        } onGracefulShutdown: {
            Task {
                await stopAccepting(listener.channel, group)
                quiescing.initiateShutdown(promise: nil)
            }
        }
    }

    /// A connection that was taken from the backlog and is still being set up would be reset when the listener closes: so
    /// no more are taken first, and those are seen through.
    private func stopAccepting(_ listener: any Channel, _ group: MultiThreadedEventLoopGroup) async {
        try? await listener.setOption(.autoRead, value: false).get()
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
        try? await listener.eventLoop.submit {}.get()
    }

    private func bind(
        _ group: any EventLoopGroup, _ quiescing: ServerQuiescingHelper,
        _ setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>
    ) async throws -> NIOAsyncChannel<Connection, Never> {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { [settings, logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        AvailableConnectionsChannelHandler(
                            delegate: MaximumAvailableConnections(settings.maxConnections, logger: logger)))
                    try pipeline.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
        switch settings.listening {
        case .address(let host, let port, let sharesPort):
            let option = NIOBSDSocket.Option(rawValue: SO_REUSEPORT)
            return
                try await bootstrap
                .serverChannelOption(.socketOption(option), value: sharesPort ? 1 : 0)
                .bind(host: host, port: port, childChannelInitializer: setUp)
        case .inherited(let descriptor):
            return try await bootstrap.bind(descriptor, childChannelInitializer: setUp)
        }
    }
}
