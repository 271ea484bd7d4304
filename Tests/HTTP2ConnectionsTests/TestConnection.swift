// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOEmbedded
import NIOHPACK

@testable import HTTP2Connections

/// A connection without a socket: frames go in, frames come out.
final class TestConnection {
    let channel = EmbeddedChannel()
    let service = EchoService()
    var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private var received = ByteBuffer()

    struct Frame: Equatable {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]

        var errorCode: UInt32 { payload.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } }
        /// What a GOAWAY says.
        var goAwayCode: UInt32 { payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
    }

    init(limits: HTTP2Limits = HTTP2Limits(), greets: Bool = true) throws {
        try channel.pipeline.syncOperations.addHandler(HTTP2Connection(service, limits: limits))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        guard greets else { return }
        try send(Array("\(HTTP2Connection.preface)".utf8))
        try send(4, stream: 0, [])
        _ = try frames()
    }

    func send(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    func send(_ type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8]) throws {
        var bytes = ByteBuffer()
        bytes.writeFrameHeader(
            length: payload.count, type: type, flags: FrameFlags(rawValue: flags), stream: stream)
        bytes.writeBytes(payload)
        try channel.writeInbound(bytes)
    }

    /// Begins a request.
    func request(
        _ stream: UInt32, path: String = "/", fields: [(String, String)] = [], endsStream: Bool = true
    ) throws {
        let headers = HPACKHeaders(
            [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "here")] + fields)
        var block = ByteBuffer()
        try encoder.encode(headers: headers, to: &block)
        try send(1, flags: endsStream ? 0x5 : 0x4, stream: stream, Array(block.readableBytesView))
    }

    /// What the connection has sent since the last time.
    func frames() throws -> [Frame] {
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { received.writeImmutableBuffer(bytes) }
        var frames: [Frame] = []
        while let header = FrameHeader(at: received), received.readableBytes >= 9 + header.length {
            received.moveReaderIndex(forwardBy: 9)
            frames.append(
                Frame(
                    type: header.type, flags: header.flags.rawValue, stream: header.stream,
                    payload: received.readBytes(length: header.length) ?? []))
        }
        return frames
    }

    func headers(of frame: Frame) throws -> [String: String] {
        var block = ByteBuffer(bytes: frame.payload)
        return try decoder.decodeHeaders(from: &block).reduce(into: [:]) { $0[$1.name] = $1.value }
    }

    /// Runs what was put off to the end of the turn.
    func turn() { channel.embeddedEventLoop.run() }
}

/// Answers a request with its own body, or with as many bytes as its path asks for.
final class EchoService: HTTP2Service {
    var exchanges: [EchoExchange] = []

    func begin(_ head: HTTP2RequestHead, on stream: HTTP2Stream) -> (any HTTP2Exchange)? {
        let exchange = EchoExchange(head, stream)
        exchanges.append(exchange)
        return exchange
    }
}

final class EchoExchange: HTTP2Exchange {
    let head: HTTP2RequestHead
    let stream: HTTP2Stream
    var body = ByteBuffer()
    var isCancelled = false
    var hasEnded = false
    var timeouts = 0
    var answers = true
    var credits = true

    init(_ head: HTTP2RequestHead, _ stream: HTTP2Stream) {
        self.head = head
        self.stream = stream
        answers = head.path != "/silent"
        credits = head.path != "/hold"
    }

    func received(_ bytes: ByteBuffer) {
        if credits { stream.credit(bytes.readableBytes) }
        body.writeImmutableBuffer(bytes)
    }

    func ended() {
        hasEnded = true
        guard answers else { return }
        var block = HeaderBlock(status: 200)
        block.append("x-path", head.path)
        stream.send(block)
        if let count = Int(head.path.dropFirst()) {
            stream.send(ByteBuffer(repeating: UInt8(ascii: "x"), count: count))
        } else {
            stream.send(body)
        }
        stream.end()
        stream.flush()
    }

    func cancelled() { isCancelled = true }

    func timedOut() {
        timeouts += 1
        stream.send(HeaderBlock(status: 408), endsStream: true)
    }
}
