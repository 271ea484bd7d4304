// SPDX-License-Identifier: Apache-2.0
package import AccessControl
internal import GRPCInterface
internal import Glibc
internal import HTTP2Connections
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
package import Logging
internal import MLflowInterface
internal import ModelDomain
internal import ModelRegistry
internal import ModelRollouts
internal import NIOCore
internal import NIOExtras
internal import NIOPosix
internal import NIOSSL
internal import RequestTracing
internal import ServiceLifecycle

/// The HTTP side of the program: predictions on the event loops, administration through the web framework.
///
/// ``run()`` is what a service group runs: a graceful shutdown answers what was accepted, and closes kept-alive
/// connections behind their answer.
package struct HTTPServer: Sendable {
    private let settings: HTTPServerSettings
    private let administration: Administration
    private let authority: TokenAuthority
    private let serving: ServingSlots
    private let slots: EventLoopSlots
    private let routes: [AdministrationRoute]
    private let metricsRoutes: MetricsRoutes
    private let listeners = Listeners()
    private let onListening: @Sendable (_ ports: [Int]) async -> Void
    private let logger: Logger

    /// - Parameter onListening: Called once requests are answered, with the ports that were chosen: the first one, and
    ///   the second one, where there is one.
    package init(
        settings: HTTPServerSettings, administration: Administration, authority: TokenAuthority, logger: Logger,
        onListening: @escaping @Sendable (_ ports: [Int]) async -> Void
    ) {
        self.settings = settings
        self.administration = administration
        self.authority = authority
        self.logger = logger
        self.onListening = onListening
        metricsRoutes = MetricsRoutes(
            administration: administration, authority: authority, version: settings.version,
            names: SeriesNames(limit: settings.metricEndpoints), traces: settings.tracing?.sink)
        routes = Self.routes(administration, settings, authority) + metricsRoutes.routes
        serving = ServingSlots(
            ServingSettings(
                service: administration.inference, authority: authority, limits: settings.codecLimits,
                version: settings.version, replica: settings.replica, logger: logger,
                tracing: settings.tracing))
        // MLflow's calls have a reference of their own.
        slots = EventLoopSlots(serving, settings: settings, administrationRoutes: routes.filter { !$0.summary.isEmpty })
    }

    /// Takes no more connections, and goes on to answer those that are here: before another process takes them from the same
    /// socket. Two at a time would wake one another for nothing.
    package func pause() async { await listeners.pause(MultiThreadedEventLoopGroup.singleton) }

    /// What `/metrics` has at this moment, under Slipway's own names.
    package var metrics: [MetricFamily] { metricsRoutes.families }

    /// Listens until it is cancelled or shut down gracefully.
    ///
    /// - Throws: `SYS-004` when the port is in use, `SYS-007` for an address that cannot be used, `SYS-009` for a
    ///   certificate that cannot.
    package func run() async throws {
        let certificates = try settings.certificate.map { try Certificates($0, logger: logger) }
        let group = MultiThreadedEventLoopGroup.singleton
        let framework = administrationChannel
        var doors: [Door] = []
        for listening in [settings.listening] + (settings.grpcListening.map { [$0] } ?? []) {
            let door = try await open(listening, on: group, certificates: certificates, framework: framework)
            listeners.add(door.listener)
            doors.append(door)
        }
        let following = Task { await certificates?.follow(every: .seconds(5)) }
        defer { following.cancel() }
        await onListening(doors.map(\.port))
        // Ends by throwing when the server is cancelled instead.
        try? await gracefulShutdown()
        // A connection that was taken from the backlog and is still being set up would be reset when its listener closes.
        await listeners.pause(group)
        await withTaskGroup(of: Void.self) { tasks in
            for door in doors { tasks.addTask { await drain(door) } }
        }
    }

    /// A port, and what ends its connections.
    private struct Door {
        let listener: any Channel
        let quiescing: ServerQuiescingHelper
        var port: Int { listener.localAddress?.port ?? 0 }
    }

    private func open(
        _ listening: HTTPServerSettings.Listening, on group: MultiThreadedEventLoopGroup, certificates: Certificates?,
        framework: AdministrationChannel
    ) async throws -> Door {
        let quiescing = ServerQuiescingHelper(group: group)
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
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let certificates {
                        try pipeline.addHandler(NIOSSLServerHandler(context: certificates.context))
                    }
                    try pipeline.addHandler(connection(on: channel, framework: framework))
                }
            }
        switch listening {
        case .inherited(let descriptor):
            return Door(listener: try await bootstrap.withBoundSocket(descriptor).get(), quiescing: quiescing)
        case .address(let host, let port, let sharesPort):
            do {
                let listener =
                    try await bootstrap
                    .serverChannelOption(
                        .socketOption(NIOBSDSocket.Option(rawValue: SO_REUSEPORT)), value: sharesPort ? 1 : 0
                    )
                    .bind(host: host, port: port).get()
                return Door(listener: listener, quiescing: quiescing)
            } catch let error as IOError {
                throw explained(error, address: "\(host):\(port)")
            }
        }
    }

    /// What speaks HTTP/1.1 with a client, and makes way for HTTP/2 when the client begins with that.
    private func connection(on channel: any Channel, framework: AdministrationChannel) -> ConnectionHandler {
        let slot = slots.slot(of: channel.eventLoop)
        let gate = ConnectionGate(channel, authority: slot.serving.authority, isOpen: settings.opensPredictions)
        return ConnectionHandler(
            slot: slot, settings: settings, administration: framework, gate: gate
        ) { [settings, administration] gate in
            let calls = GRPCService(slot.serving, rollouts: administration.rollouts, gate: gate)
            return HTTP2Connection(
                HTTP2Requests(slot, administration: framework, gate: gate, calls: calls), limits: settings.http2)
        }
    }

    /// Accepts no more, and lets every connection end behind what it asked for. How long that may take is the caller's
    /// to say.
    private func drain(_ door: Door) async {
        let drained = door.listener.eventLoop.makePromise(of: Void.self)
        door.quiescing.initiateShutdown(promise: drained)
        try? await drained.futureResult.get()
    }

    private var administrationChannel: AdministrationChannel {
        var frameworkLogger = logger
        // The framework's own lines repeat what this program says itself.
        frameworkLogger.logLevel = max(logger.logLevel, .warning)
        let router = Router(
            routes, behind: AdministrationGate(authority: authority, inference: administration.inference),
            explaining: ExplainErrors(routes: routes, logger: logger))
        return AdministrationChannel(
            router.buildResponder(), isSecure: settings.certificate != nil,
            uploadLimit: settings.maxBlobBytes, logger: frameworkLogger)
    }

    private static func routes(
        _ administration: Administration, _ settings: HTTPServerSettings, _ authority: TokenAuthority
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
            + TokenRoutes(authority: authority).routes
            + ProjectRoutes(registry: administration.registry).routes
            + RunRoutes(tracking: administration.tracking).routes
            + DatasetRoutes(datasets: administration.datasets).routes
            + LineageRoutes(lineage: administration.lineage(asked: authority)).routes
            + ImportRoutes(administration: administration).routes
            + LedgerRoutes(registry: administration.registry).routes
            + WhereRoutes(administration: administration).routes
            + (administration.backups.map { BackupRoutes(backups: $0).routes } ?? [])
            + (administration.transfer.map {
                TransferRoutes(registry: administration.registry, out: $0.out, into: $0.in).routes
            }
                ?? [])
            + (administration.replicas.map { ReplicaRoutes(replicas: $0).routes } ?? [])
            + (administration.alerts.map { AlertRoutes(alerts: $0).routes } ?? [])
            + (administration.monitor.map { DriftRoutes(administration: administration, monitor: $0).routes } ?? [])
            + (administration.keeper.map { RetentionRoutes(keeper: $0).routes } ?? [])
            + (administration.predictions.map {
                PredictionLogRoutes(log: $0.log).routes
                    + ReceiptRoutes(log: $0.log, replay: $0.replay, administration: administration).routes
            } ?? [])
            + (administration.labels.map {
                FeedbackRoutes(labels: $0, inference: administration.inference).routes
                    + QualityRoutes(labels: $0, inference: administration.inference).routes
            } ?? [])
            + (administration.erasure.map { ErasureRoutes(erasure: $0).routes } ?? [])
            + LogRoutes(logLines: administration.logLines).routes
            + mlflowRoutes(administration, settings, authority)
            + (models ?? [])
    }

    private static func mlflowRoutes(
        _ administration: Administration, _ settings: HTTPServerSettings, _ authority: TokenAuthority
    ) -> [AdministrationRoute] {
        let gate = MLflowGate(authority: authority)
        let api = MLflowAPI(
            tracking: administration.tracking, registrations: administration.registrations,
            registry: administration.registry,
            following: MLflowAPI.Following(
                followers: { administration.rollouts.followers(of: $0, model: $1) },
                move: { alias, model, version, actor in
                    try await administration.setAlias(alias, of: model, to: .number(version), by: actor)
                }))
        let artifacts = MLflowArtifacts(
            tracking: administration.tracking, registrations: administration.registrations,
            blobs: administration.blobs)
        let parts = MLflowParts(
            tracking: administration.tracking, blobs: administration.blobs,
            uploads: PartUploads(shelf: administration.parts))
        return MLflowRoutes(api: api, gate: gate, projects: MLflowProjects(registry: administration.registry)).routes
            + MLflowArtifactRoutes(artifacts: artifacts, gate: gate, maxByteCount: settings.maxBlobBytes).routes
            + MLflowPartRoutes(parts: parts, gate: gate, maxByteCount: settings.maxBlobBytes).routes
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
