// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOEmbedded
import NIOHPACK
import Testing

@testable import HTTP2Connections

@Suite("Requests and answers over HTTP/2")
struct HTTP2ConnectionTests {
    @Test func aRequestIsAnswered() throws {
        let connection = try TestConnection()
        try connection.request(1, path: "/echo", endsStream: false)
        try connection.send(0, stream: 1, [1, 2])
        try connection.send(0, flags: 1, stream: 1, [3])
        let frames = try connection.frames()
        #expect(frames.map(\.type) == [1, 0, 0])
        #expect(try connection.headers(of: frames[0]) == [":status": "200", "x-path": "/echo"])
        #expect(frames[1].payload == [1, 2, 3])
        #expect(frames[2].flags == 1)
    }

    @Test func bytesMayComeOneByOne() throws {
        let connection = try TestConnection()
        let other = try TestConnection()
        try other.request(1, path: "/echo", endsStream: false)
        var block = ByteBuffer()
        let headers = HPACKHeaders([(":method", "POST"), (":scheme", "http"), (":path", "/echo"), (":authority", "h")])
        try connection.encoder.encode(headers: headers, to: &block)
        var bytes = ByteBuffer()
        bytes.writeFrameHeader(length: block.readableBytes, type: 1, flags: .endHeaders, stream: 1)
        bytes.writeImmutableBuffer(block)
        bytes.writeFrameHeader(length: 5, type: 0, flags: [.endStream, .padded], stream: 1)
        bytes.writeBytes([2, 7, 8, 0, 0])
        for byte in bytes.readableBytesView { try connection.send([byte]) }
        let frames = try connection.frames()
        #expect(frames.map(\.type) == [1, 0, 0])
        #expect(frames[1].payload == [7, 8])
    }

    @Test func answersToOneReadGoOutTogether() throws {
        let connection = try TestConnection()
        var bytes = ByteBuffer()
        for stream in stride(from: UInt32(1), to: 21, by: 2) {
            var block = ByteBuffer()
            let headers = HPACKHeaders([(":method", "GET"), (":scheme", "http"), (":path", "/3"), (":authority", "h")])
            try connection.encoder.encode(headers: headers, to: &block)
            bytes.writeFrameHeader(
                length: block.readableBytes, type: 1, flags: [.endHeaders, .endStream], stream: stream)
            bytes.writeImmutableBuffer(block)
        }
        try connection.channel.writeInbound(bytes)
        var writes = 0
        while try connection.channel.readOutbound(as: ByteBuffer.self) != nil { writes += 1 }
        #expect(writes == 1)
    }

    @Test func aLargeAnswerWaitsForTheWindows() throws {
        let connection = try TestConnection()
        try connection.request(1, path: "/100000")
        var sent = try connection.frames().filter { $0.type == 0 }
        #expect(sent.reduce(0) { $0 + $1.payload.count } == 65_535)
        #expect(sent.allSatisfy { $0.payload.count <= 16_384 })
        // The stream's window alone is not enough, nor is the connection's.
        try connection.send(8, stream: 1, [0, 1, 0, 0])
        connection.turn()
        #expect(try connection.frames().isEmpty)
        try connection.send(8, stream: 0, [0, 0, 0x10, 0])
        connection.turn()
        sent = try connection.frames()
        #expect(sent.map(\.payload.count) == [4096])
        try connection.send(8, stream: 0, [0, 1, 0, 0])
        connection.turn()
        sent = try connection.frames()
        #expect(sent.reduce(0) { $0 + $1.payload.count } == 100_000 - 65_535 - 4096)
        #expect(sent.last?.flags == 1)
    }

    @Test func streamsShareTheWindow() throws {
        let connection = try TestConnection()
        // Frames of 16,384 bytes, in turns.
        try connection.send(4, stream: 0, [0, 4, 0, 0, 0, 0])
        for stream: UInt32 in [1, 3] { try connection.request(stream, path: "/30000") }
        _ = try connection.frames()
        try connection.send(4, stream: 0, [0, 4, 0, 1, 0, 0])
        connection.turn()
        let data = try connection.frames().filter { $0.type == 0 && !$0.payload.isEmpty }
        #expect(data.map(\.payload.count) == [16_384, 16_384, 13_616, 13_616])
        #expect(Set(data.prefix(2).map(\.stream)) == [1, 3])
    }

    @Test func whatIsTakenIsCredited() throws {
        let connection = try TestConnection()
        try connection.request(1, path: "/silent", endsStream: false)
        for _ in 0..<40 { try connection.send(0, stream: 1, [UInt8](repeating: 0, count: 16_384)) }
        let updates = try connection.frames().filter { $0.type == 8 }
        #expect(updates.map(\.stream) == [1])
        #expect(updates.first?.payload == [0, 8, 0, 0])
    }

    @Test func moreThanTheWindowIsRefused() throws {
        let connection = try TestConnection()
        try connection.request(1, path: "/hold", endsStream: false)
        for _ in 0..<65 { try connection.send(0, stream: 1, [UInt8](repeating: 0, count: 16_384)) }
        let frames = try connection.frames()
        #expect(frames.contains { $0.type == 3 && $0.errorCode == HTTP2ErrorCode.flowControl.rawValue })
        #expect(connection.service.exchanges[0].isCancelled)
    }

    @Test func aResetIsToldToTheExchange() throws {
        let connection = try TestConnection()
        try connection.request(1, path: "/silent")
        try connection.send(3, stream: 1, [0, 0, 0, 8])
        #expect(connection.service.exchanges[0].isCancelled)
        try connection.request(3)
        #expect(try connection.frames().first?.stream == 3)
    }

    @Test func aClosedConnectionCancelsWhatIsOpen() throws {
        let connection = try TestConnection()
        try connection.request(1, path: "/silent")
        try connection.channel.close().wait()
        #expect(connection.service.exchanges[0].isCancelled)
    }

    @Test func aRequestThatDoesNotArriveTimesOut() throws {
        let connection = try TestConnection()
        try connection.request(1, endsStream: false)
        connection.service.exchanges[0].stream.arrivalDeadline = .now() - .seconds(1)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        let frames = try connection.frames()
        #expect(try connection.headers(of: #require(frames.first { $0.type == 1 })) == [":status": "408"])
        #expect(connection.service.exchanges[0].timeouts == 1)
    }

    /// Some clients drop an answer that a reset follows while they still send.
    @Test func anAnswerBeforeTheEndIsNotFollowedByAResetAtOnce() throws {
        let connection = try TestConnection()
        for stream: UInt32 in [1, 3] {
            try connection.request(stream, path: "/hold", endsStream: false)
            let answered = try #require(connection.service.exchanges.last?.stream)
            answered.send(HeaderBlock(status: 413), endsStream: true)
            answered.flush()
            connection.turn()
        }
        #expect(try connection.frames().map(\.type) == [1, 1])
        // What still comes is dropped and credited, and reaches nobody.
        for _ in 0..<40 { try connection.send(0, stream: 1, [UInt8](repeating: 0, count: 16_384)) }
        #expect(try connection.frames().map(\.type) == [8])
        #expect(connection.service.exchanges[0].body.readableBytes == 0)
        try connection.send(0, flags: 1, stream: 1, [])
        connection.service.exchanges[1].stream.arrivalDeadline = .now() - .seconds(1)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        let frames = try connection.frames()
        #expect(frames.map(\.stream) == [3])
        #expect(frames.first?.type == 3 && frames.first?.errorCode == HTTP2ErrorCode.noError.rawValue)
        #expect(connection.service.exchanges.allSatisfy { !$0.isCancelled })
    }

    /// However wide its windows are: what a socket does not take waits where it is counted.
    @Test func aSocketThatIsFullIsGivenNoMore() throws {
        let connection = try TestConnection()
        try connection.send(4, stream: 0, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
        try connection.send(8, stream: 0, [0x7F, 0, 0, 0])
        _ = try connection.frames()
        connection.channel.isWritable = false
        try connection.request(1, path: "/3000000")
        #expect(try connection.frames().filter { $0.type == 0 }.isEmpty)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        var count = 0
        for _ in 0..<4 {
            let part = try connection.frames().filter { $0.type == 0 }.reduce(0) { $0 + $1.payload.count }
            #expect(part < 1_100_000)
            count += part
            connection.channel.pipeline.fireChannelWritabilityChanged()
        }
        #expect(count == 3_000_000)
    }

    @Test func moreStreamsThanAllowedAreRefused() throws {
        var limits = HTTP2Limits()
        limits.concurrentStreams = 2
        let connection = try TestConnection(limits: limits)
        for stream: UInt32 in [1, 3, 5] { try connection.request(stream, path: "/silent") }
        let frames = try connection.frames()
        #expect(frames.map(\.stream) == [5])
        #expect(frames.first?.errorCode == HTTP2ErrorCode.refusedStream.rawValue)
    }

    @Test func aServerThatStopsAnswersWhatItHas() throws {
        let connection = try TestConnection()
        try connection.request(1, path: "/silent")
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(try connection.frames().map(\.type) == [7])
        // It was on its way, and is answered.
        try connection.request(3)
        #expect(try connection.frames().contains { $0.stream == 3 && $0.type == 1 })
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try connection.frames().first?.payload.prefix(4) == [0, 0, 0, 3])
        try connection.request(5)
        #expect(try connection.frames().first?.errorCode == HTTP2ErrorCode.refusedStream.rawValue)
        let exchange = connection.service.exchanges[0]
        exchange.answers = true
        exchange.ended()
        connection.turn()
        #expect(try connection.frames().contains { $0.stream == 1 && $0.type == 1 })
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }

    @Test func aSmallerHeaderTableIsAnsweredWithAnEmptyOne() throws {
        let connection = try TestConnection()
        try connection.send(4, stream: 0, [0, 1, 0, 0, 0, 0])
        try connection.request(1, path: "/3")
        let header = try #require(connection.frames().first { $0.type == 1 })
        #expect(header.payload.first == 0x20)
    }
}
