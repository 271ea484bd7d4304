// SPDX-License-Identifier: Apache-2.0
package import AccessControl
internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import ModelDomain
internal import NIOCore
internal import NIOExtras
internal import NIOPosix
internal import NIOSSL
internal import ServiceLifecycle

/// The HTTP side of the program: predictions on the event loops, administration through the web framework.
///
/// ``run()`` is what a service group runs: a graceful shutdown answers what was accepted, and closes kept-alive
/// connections behind their answer.
package struct HTTPServer: Sendable {
    private let settings: HTTPServerSettings
    private let administration: Administration
    private let authority: TokenAuthority
    private let slots: EventLoopSlots
    private let routes: [AdministrationRoute]
    private let onListening: @Sendable (_ port: Int) async -> Void
    private let logger: Logger

    /// - Parameter onListening: Called once requests are answered, with the port that was chosen.
    package init(
        settings: HTTPServerSettings, administration: Administration, authority: TokenAuthority, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        self.settings = settings
        self.administration = administration
        self.authority = authority
        self.logger = logger
        self.onListening = onListening
        routes = Self.routes(administration, settings)
        slots = EventLoopSlots(
            service: administration.inference, settings: settings, authority: authority,
            administrationRoutes: routes, logger: logger)
    }

    /// Listens until it is cancelled or shut down gracefully.
    ///
    /// - Throws: `SYS-004` when the port is in use, `SYS-007` for an address that cannot be used, `SYS-009` for a
    ///   certificate that cannot.
    package func run() async throws {
        let certificates = try settings.certificate.map { try Certificates($0, logger: logger) }
        let group = MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerQuiescingHelper(group: group)
        let listener = try await listen(on: group, certificates: certificates, quiescing: quiescing)
        let following = Task { await certificates?.follow(every: .seconds(5)) }
        defer { following.cancel() }
        await onListening(listener.localAddress?.port ?? 0)
        // Ends by throwing when the server is cancelled instead.
        try? await gracefulShutdown()
        await drain(quiescing, listener, group)
    }

    private func listen(
        on group: MultiThreadedEventLoopGroup, certificates: Certificates?, quiescing: ServerQuiescingHelper
    ) async throws -> any Channel {
        let framework = administrationChannel
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { [settings] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ConnectionLimit(settings.maxConnections))
                    try pipeline.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelInitializer { [slots, settings] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let certificates {
                        try pipeline.addHandler(NIOSSLServerHandler(context: certificates.context))
                    }
                    let slot = slots.slot(of: channel.eventLoop)
                    try pipeline.addHandler(
                        ConnectionHandler(
                            slot: slot, settings: settings, administration: framework,
                            gate: ConnectionGate(
                                channel, authority: slot.authority, isOpen: settings.opensPredictions)))
                }
            }
        switch settings.listening {
        case .inherited(let descriptor): return try await bootstrap.withBoundSocket(descriptor).get()
        case .address(let host, let port, let sharesPort):
            do {
                return
                    try await bootstrap
                    .serverChannelOption(
                        .socketOption(NIOBSDSocket.Option(rawValue: SO_REUSEPORT)), value: sharesPort ? 1 : 0
                    )
                    .bind(host: host, port: port).get()
            } catch let error as IOError {
                throw explained(error, address: "\(host):\(port)")
            }
        }
    }

    /// Accepts no more, and lets every connection end behind what it asked for. How long that may take is the caller's
    /// to say.
    private func drain(_ quiescing: ServerQuiescingHelper, _ listener: any Channel, _ group: any EventLoopGroup) async {
        // A connection that was taken from the backlog and is still being set up would be reset when the listener closes:
        // so no more are taken first, and those are seen through.
        try? await listener.setOption(.autoRead, value: false).get()
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
        try? await listener.eventLoop.submit {}.get()
        let drained = listener.eventLoop.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: drained)
        try? await drained.futureResult.get()
    }

    private var administrationChannel: AdministrationChannel {
        var frameworkLogger = logger
        // The framework's own lines repeat what this program says itself.
        frameworkLogger.logLevel = max(logger.logLevel, .warning)
        let router = Router(
            routes, authority: authority, explaining: ExplainErrors(routes: routes, logger: logger))
        return AdministrationChannel(
            router.buildResponder(), isSecure: settings.certificate != nil,
            uploadLimit: settings.maxBlobBytes, logger: frameworkLogger)
    }

    private static func routes(
        _ administration: Administration, _ settings: HTTPServerSettings
    ) -> [AdministrationRoute] {
        let models = administration.deployFolder.map {
            ContainerModelRoutes(administration: administration, deploy: $0).routes
        }
        return StatusRoutes(administration: administration, version: settings.version).routes
            + ModelRoutes(administration: administration).routes
            + EndpointRoutes(administration: administration).routes
            + RepositoryRoutes(administration: administration).routes
            + EndpointExamplesRoute(administration: administration).routes
            + BlobRoutes(blobs: administration.blobs, maxByteCount: settings.maxBlobBytes).routes
            + LedgerRoutes(registry: administration.registry).routes
            + LogRoutes(logLines: administration.logLines).routes
            + (models ?? [])
    }

    private func explained(_ error: IOError, address: String) -> any Error {
        switch error.errnoCode {
        case EADDRINUSE:
            return Refusal(
                .portInUse, .conflict, "\(address) is in use by another program.",
                hint: "Choose another port with --port; 0 takes any that is free.")
        case EACCES, EADDRNOTAVAIL:
            return Refusal(
                .addressUnusable, .unavailable, "This program cannot listen on \(address).",
                hint: "Choose another address with --host, and a port above 1023.")
        default: return error
        }
    }
}
