// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1

/// One connection, with one request on its way at most.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Answers that are kept for a look are no larger.
    private static let sampleLimit = 4 << 20

    /// A request on its way.
    struct Flight {
        /// Index of its body.
        let body: Int
        /// When it was to be sent, and when it was; nanoseconds of the loop's clock.
        let due: Int
        let sent: Int
        let keepsAnswer: Bool
    }

    private let driver: LoadDriver
    private var context: ChannelHandlerContext?
    private(set) var flight: Flight?
    /// Whether it ever brought an answer.
    private(set) var hasAnswered = false
    private var status = 0
    private var closesAfterAnswer = false
    private var jsonByteCount: Int?
    private var byteCount = 0
    private var firstByte: UInt8?
    private var kept: [UInt8] = []

    init(_ driver: LoadDriver) { self.driver = driver }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { driver.opened(self) }

    func send(_ flight: Flight, head: HTTPRequestHead, body: ByteBuffer) {
        guard let context else { return }
        self.flight = flight
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    /// Ends the connection because nobody waits any longer for the answer to what it carries.
    func abandon() {
        flight = nil
        close()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            closesAfterAnswer = !head.isKeepAlive
            jsonByteCount = head.headers.first(name: "inference-header-content-length").flatMap { Int($0) }
            byteCount = 0
            firstByte = nil
            kept = []
        case .body(let buffer):
            if byteCount == 0 { firstByte = buffer.getInteger(at: buffer.readerIndex) }
            byteCount += buffer.readableBytes
            if flight?.keepsAnswer == true, byteCount <= Self.sampleLimit { kept += buffer.readableBytesView }
        case .end:
            // Between requests an answer is nobody's.
            guard let flight, status >= 200 else { return }
            self.flight = nil
            hasAnswered = true
            let isWhole = flight.keepsAnswer && kept.count == byteCount
            driver.answered(
                flight, status: status, isObject: firstByte == UInt8(ascii: "{"),
                answer: isWhole ? LoadAnswer(body: kept, jsonByteCount: jsonByteCount) : nil)
            if closesAfterAnswer { context.close(promise: nil) } else { driver.freed(self) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let lost = flight
        flight = nil
        driver.closed(self, during: lost)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
