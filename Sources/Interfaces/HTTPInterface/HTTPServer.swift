// SPDX-License-Identifier: Apache-2.0
package import AccessControl
internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import ModelDomain
internal import NIOCore

/// The HTTP side of the program: predictions on the event loops, administration through the web framework.
///
/// ``run()`` is what a service group runs: a graceful shutdown answers what was accepted, and closes kept-alive
/// connections behind their answer.
package struct HTTPServer: Sendable {
    private let settings: HTTPServerSettings
    private let administration: Administration
    private let authority: TokenAuthority
    private let slots: EventLoopSlots
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
        slots = EventLoopSlots(
            service: administration.inference, settings: settings, authority: authority, logger: logger)
    }

    /// Listens until it is cancelled or shut down gracefully.
    ///
    /// - Throws: `SYS-004` when the port is in use, `SYS-007` for an address that cannot be used.
    package func run() async throws {
        var frameworkLogger = logger
        // The framework's own lines repeat what this program says itself.
        frameworkLogger.logLevel = max(logger.logLevel, .warning)
        let routes = routes
        let router = Router(
            routes, authority: authority, explaining: ExplainErrors(routes: routes, logger: logger))
        let application = Application(
            router: router,
            server: HTTPServerBuilder { [slots, settings] responder in
                PredictionChannel(responder: responder, slots: slots, settings: settings)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    settings.maxConnections, logger: frameworkLogger)),
            onServerRunning: { [onListening] channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: frameworkLogger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw explained(error)
        }
    }

    private var routes: [AdministrationRoute] {
        StatusRoutes(administration: administration, version: settings.version).routes
            + ModelRoutes(administration: administration).routes
            + EndpointRoutes(administration: administration).routes
            + RepositoryRoutes(administration: administration).routes
            + BlobRoutes(blobs: administration.blobs, maxByteCount: settings.maxBlobBytes).routes
            + LedgerRoutes(registry: administration.registry).routes
            + LogRoutes(logLines: administration.logLines).routes
    }

    private func explained(_ error: IOError) -> any Error {
        let address = "\(settings.host):\(settings.port)"
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
