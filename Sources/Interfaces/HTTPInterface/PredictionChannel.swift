// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1

/// A connection: NIO's HTTP/1 codec, then the predictions, then the web framework for everything else.
struct PredictionChannel: ServerChildChannel, HTTPChannelHandler {
    let responder: HTTPChannelHandler.Responder
    let slots: EventLoopSlots
    let settings: HTTPServerSettings

    func setup(
        channel: any Channel, logger: Logger
    ) -> EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            // Neither the pipelining nor the error handler of NIO: the prediction handler does both.
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
            let encoder = try pipeline.context(handlerType: HTTPResponseEncoder.self)
            let slot = slots.slot(of: channel.eventLoop)
            let handler = PredictionHandler(
                slot: slot, settings: settings, pastEncoder: encoder,
                gate: ConnectionGate(channel, authority: slot.authority))
            try pipeline.addHandler(handler)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            let connection = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            // One that comes while the server stops is handled by nobody, and one that was never ended traps when it is
            // let go.
            channel.closeFuture.whenComplete { _ in
                Task { try? await connection.executeThenClose { _, _ in } }
            }
            return connection
        }
    }

    func handle(value: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
