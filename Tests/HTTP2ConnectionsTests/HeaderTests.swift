// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHPACK
import TestSupport
import Testing

@testable import HTTP2Connections

@Suite("Headers, and connections that send anything")
struct HeaderTests {
    @Test(arguments: [0, 1, 126, 127, 128, 300, 20_000])
    func blocksAreWhatADecoderReads(length: Int) throws {
        let value = String(repeating: "v", count: length)
        for status in [200, 404] {
            var block = HeaderBlock(status: status)
            block.append("name", value)
            var decoder = HPACKDecoder(
                allocator: ByteBufferAllocator(), maxDynamicTableSize: 4096, maxHeaderListSize: 1 << 16)
            var bytes = ByteBuffer(bytes: block.bytes)
            let headers = try decoder.decodeHeaders(from: &bytes)
            #expect(headers.first(name: ":status") == String(status))
            #expect(headers.first(name: "name") == value)
        }
    }

    static let usual = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "h")]

    @Test func aUsualHeadIsTaken() throws {
        let head = try #require(
            HTTP2RequestHead(HPACKHeaders(Self.usual + [("te", "trailers"), ("content-length", "12"), ("a", "")])))
        #expect(head.contentLength == 12)
        #expect(head.fields.map(\.name) == ["te", "content-length", "a"])
    }

    @Test(arguments: [
        [("A", "b")], [("", "b")], [("a b", "c")], [("a", "b\r\nc")], [("a", " b")], [("a", "b\u{0}")],
        [("connection", "close")], [("transfer-encoding", "chunked")], [("upgrade", "x")], [("te", "gzip")],
        [("content-length", "-1")], [("content-length", "1"), ("content-length", "2")], [("a", "b"), (":path", "/")],
        [(":path", "/")], [(":status", "200")], [("host", "other")],
    ])
    func whatIsNoHeadIsRefused(_ fields: [(String, String)]) {
        #expect(HTTP2RequestHead(HPACKHeaders(Self.usual + fields)) == nil)
    }

    @Test(arguments: 0..<4)
    func aHeadWithoutOneOfItsPartsIsRefused(_ missing: Int) {
        var fields = Self.usual
        fields.remove(at: missing)
        #expect((HTTP2RequestHead(HPACKHeaders(fields)) == nil) == (missing < 3))
    }

    /// Whatever comes, the connection answers or closes, and holds nothing that it was not asked to.
    @Test func mutatedConversationsEnd() throws {
        let recorded = try TestConnection()
        var conversation = Array("\(HTTP2Connection.preface)".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        for stream in stride(from: UInt32(1), to: 9, by: 2) {
            var block = ByteBuffer()
            let fields = [("content-type", "application/grpc"), ("te", "trailers"), ("x-\(stream)", "y")]
            try recorded.encoder.encode(headers: HPACKHeaders(Self.usual + fields), to: &block)
            var frame = ByteBuffer()
            frame.writeFrameHeader(length: block.readableBytes, type: 1, flags: .endHeaders, stream: stream)
            frame.writeImmutableBuffer(block)
            frame.writeFrameHeader(length: 3, type: 0, flags: .endStream, stream: stream)
            frame.writeBytes([1, 2, 3])
            frame.writeWindowUpdate(1000, stream: 0)
            conversation += frame.readableBytesView
        }
        var generator = SeededGenerator(seed: 31)
        var answered = 0
        for _ in 0..<4000 {
            var bytes = conversation
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 33..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(.random(in: 0...255, using: &generator), at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + 9))
                }
            }
            let connection = try TestConnection(greets: false)
            try connection.send(bytes)
            connection.turn()
            answered += try connection.frames().count { $0.type == 1 }
            try? connection.channel.close().wait()
            #expect(connection.service.exchanges.allSatisfy { $0.hasEnded || $0.isCancelled })
        }
        #expect(answered > 1000)
    }
}
