// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1

/// A request that the framework answers.
struct ForwardedRequest {
    var isRequestComplete = false
    /// Whether the request was HEAD, whose answer has no body.
    var isHead = false
    /// Whether the connection ends behind the answer.
    var isLast = false
}

extension PredictionHandler {
    func beginForwarding(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        phase = .forwarding
        let offersUpgrade = head.headers.contains(name: "upgrade")
        forwarded = ForwardedRequest(
            isHead: head.method == .HEAD,
            isLast: head.version != .http1_1 || !head.isKeepAlive || offersUpgrade)
        if head.headers.first(name: "expect")?.lowercased() == "100-continue" { writeContinue() }
        forward(.head(head), context)
    }

    func forward(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        quietSince = .now()
        if case .end = part { forwarded.isRequestComplete = true }
        needsReadComplete = true
        context.fireChannelRead(Self.wrapInboundOut(part))
    }

    /// Writes a part of the framework's answer.
    func writeForwarded(
        _ part: HTTPServerResponsePart, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
    ) {
        guard phase == .forwarding else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch part {
        case .head(var head):
            // Answered before the request has ended: the rest of it is not worth reading.
            if !forwarded.isRequestComplete || (isDraining && held.isEmpty) { forwarded.isLast = true }
            if forwarded.isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .body where forwarded.isHead:
            promise?.succeed()
        case .body:
            context.write(Self.wrapOutboundOut(part), promise: promise)
        case .end:
            context.write(Self.wrapOutboundOut(part), promise: promise)
            needsFlush = true
            quietSince = .now()
            phase = .idle
            if forwarded.isLast { closeWhenWritten(context, lingers: !forwarded.isRequestComplete) }
            finishTurn(context)
        }
    }
}
