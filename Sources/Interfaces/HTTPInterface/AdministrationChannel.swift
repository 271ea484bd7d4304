// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1

/// The web framework, put at the end of a connection's pipeline when the connection first asks for it: NIO's HTTP/1
/// codec, and behind it what Hummingbird runs a request with.
///
/// Most connections only ever ask for predictions, and so cost neither a codec nor a task.
struct AdministrationChannel: HTTPChannelHandler {
    typealias Connection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: HTTPChannelHandler.Responder
    /// What answers a request that came some other way.
    let respond: @Sendable (Request, any Channel) async throws -> Response
    private let isSecure: Bool
    private let uploadLimit: Int
    private let logger: Logger

    init<R: HTTPResponder>(_ responder: R, isSecure: Bool, uploadLimit: Int, logger: Logger)
    where R.Context == AdministrationContext {
        self.isSecure = isSecure
        self.uploadLimit = uploadLimit
        self.logger = logger
        let respond: @Sendable (Request, any Channel) async throws -> Response = { request, channel in
            let context = AdministrationContext(
                source: ApplicationRequestContextSource(channel: channel, logger: logger))
            return try await responder.respond(to: request, context: context)
        }
        self.respond = respond
        self.responder = { request, writer, channel in
            let response = try await respond(request, channel)
            try await writer.write(response: response.head, body: response.body)
        }
    }

    /// The most bytes of a body that the framework takes at `target`.
    func bodyLimit(of target: RequestTarget) -> Int {
        switch target.bodySize {
        case .administration: Request.administrationBodyLimit
        case .tracking: MLflowRoutes.bodyLimit
        case .upload: uploadLimit
        }
    }

    /// - Precondition: called on the channel's event loop.
    func install(behind connection: ConnectionHandler, on channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        // Neither the pipelining nor the error handler of NIO: the connection does both.
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
        try pipeline.addHandler(AnswerWatcher(connection))
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: isSecure))
        let framed = try Connection(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        Task { [self] in await handle(value: framed, logger: logger) }
    }

    /// Not called: the connections of this server are set up by ``HTTPServer``, long before they need the framework.
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func handle(value: Connection, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
