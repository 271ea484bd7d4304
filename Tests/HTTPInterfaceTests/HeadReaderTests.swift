// SPDX-License-Identifier: Apache-2.0
import HTTPInterface
import TestSupport
import Testing

struct HeadReaderTests {
    private func read(_ text: String) throws -> RequestHead? { try read(Array(text.utf8)) }

    private func read(_ bytes: [UInt8]) throws -> RequestHead? {
        var reader = HeadReader()
        return try reader.read(bytes.span)
    }

    private func status(_ text: String) -> Int? {
        do {
            return try read(text) == nil ? nil : 200
        } catch {
            return (error as? RequestFault)?.status
        }
    }

    @Test func headersAreFoundWhateverTheirCase() throws {
        let text =
            "POST /v1/endpoints/a/predict?x=1 HTTP/1.1\r\nHOST: a\r\ncontent-LENGTH:12\r\n"
            + "Inference-Header-Content-Length:  7 \r\nExpect: 100-Continue\r\nContent-Type: TEXT/csv ; x=y\r\n"
            + "x-forwarded-PROTO: https\r\nContent-Encoding: identity\r\nX-Odd: \u{e9}\t~\r\n\r\n"
        let head = try #require(try read(text + "rest"))
        #expect(head.byteCount == text.utf8.count)
        #expect(head.method == .post)
        #expect(head.target.route == .predict("a"))
        #expect(head.target.query == "x=1")
        #expect(head.framing == .length(12))
        #expect(head.keepsAlive)
        #expect(head.facts.host == "a")
        #expect(head.facts.jsonByteCount == "7")
        #expect(head.facts.expectsContinue)
        #expect(head.facts.bodyType == .csv)
        #expect(head.facts.isForwarded)
        let other = try #require(
            try read("GET / HTTP/1.1\r\nHost: b\r\nx-forwardee: a\r\nvib: b\r\nHost2: c\r\n\r\n"))
        #expect(!other.facts.isForwarded)
    }

    @Test(arguments: [
        "Forwarded", "forwarded", "Via", "X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST", "X-Real-IP",
    ])
    func someHeadersTellOfForwarding(name: String) throws {
        let head = try #require(try read("GET / HTTP/1.1\r\nHost: a\r\n\(name): b\r\n\r\n"))
        #expect(head.facts.isForwarded)
    }

    @Test(arguments: ["Hosts", "Forwarded-By", "Viable", "X-Forward"])
    func othersDoNotTellOfForwarding(name: String) throws {
        let head = try #require(try read("GET / HTTP/1.1\r\nHost: a\r\n\(name): b\r\n\r\n"))
        #expect(!head.facts.isForwarded)
    }

    @Test func connectionsAreKeptAsTheStandardSays() throws {
        func keeps(_ version: String, _ headers: String = "") throws -> Bool? {
            try read("GET / HTTP/\(version)\r\nHost: a\r\n\(headers)\r\n")?.keepsAlive
        }
        #expect(try keeps("1.1") == true)
        #expect(try keeps("1.0") == false)
        #expect(try keeps("1.0", "Connection: Keep-Alive\r\n") == true)
        #expect(try keeps("1.1", "Connection: close\r\n") == false)
        #expect(try keeps("1.1", "Connection: x, Close \r\n") == false)
        #expect(try keeps("1.1", "Connection: Upgrade\r\nUpgrade: h2c\r\n") == true)
    }

    @Test func aTargetInAbsoluteFormIsItsPathAndItsHost() throws {
        let head = try #require(
            try read("GET http://evil.example:80/v2/health/live?a HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        #expect(head.target.route == .live)
        #expect(head.target.query == "a")
        #expect(head.facts.host == "evil.example:80")
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "GET / HTTP/1.1\rHost: a\r\r",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\r\n\r\n", " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / http/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "\u{1}\u{2}\u{3} what\r\n\r\n",
    ])
    func whatOthersMayReadOtherwiseIsRefused(_ text: String) {
        #expect(status(text) == 400)
    }

    @Test func whatIsNotSpokenHereIsSaidSo() {
        #expect(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505)
        #expect(status("GET / HTTP/1.2\r\nHost: a\r\n\r\n") == 505)
        for coding in ["xchunked", "chunked, chunked", "gzip, chunked", "chunked,", "identity", "\"chunked\"", ""] {
            #expect(status("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(coding)\r\n\r\n") == 501, "\(coding)")
        }
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n") == 417)
        #expect(status("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n") == 414)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))") == 431)
        #expect(status("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 200)) == 431)
    }

    @Test func everyBeginningOfAHeadWaitsForItsRest() throws {
        let whole = Array(
            "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nAccept: */*\r\n\r\n".utf8)
        for count in 0..<whole.count {
            #expect(try read(Array(whole.prefix(count))) == nil, "\(count)")
        }
        // One reader that sees it grow byte by byte, and then another request on the same connection.
        var reader = HeadReader()
        for round in 0..<2 {
            for count in 0..<whole.count {
                let bytes = Array(whole.prefix(count))
                let head = try reader.read(bytes.span)
                #expect(head == nil)
            }
            let head = try reader.read(whole.span)
            #expect(head?.target.route == .infer("m", version: nil), "\(round)")
        }
    }

    /// What is read of a mutated head, if it is read at all, is within the bytes that came.
    @Test func mutatedHeadsNeverTrap() throws {
        var random = SeededGenerator(seed: 1971)
        let whole = Array(
            ("POST /v2/models/m/infer?a=b HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 35\r\n"
                + "Transfer-Encoding: chunked\r\nConnection: close, x\r\nAuthorization: Bearer a\r\n\r\n").utf8)
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(bytes[Int.random(in: bytes.indices, using: &random)], at: index)
                default: bytes.removeSubrange(index..<min(index + 12, bytes.count - 1))
                }
            }
            if let head = try? read(bytes) { #expect(head.byteCount <= bytes.count) }
        }
    }
}

struct ChunkReaderTests {
    /// The data of a chunked body that comes in pieces of `size` bytes; `nil` when it has not ended.
    private func data(_ text: String, size: Int) throws -> String? {
        var reader = ChunkReader()
        var found: [UInt8] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            var position = 0
            reading: while true {
                switch try reader.next(piece.span, at: &position) {
                case .data(let range): found += piece[range]
                case .incomplete: break reading
                case .ended: return String(decoding: found, as: UTF8.self)
                }
            }
        }
        return nil
    }

    @Test(arguments: 1...12)
    func aBodyIsTheSameHoweverItIsCut(_ size: Int) throws {
        let text = "5\r\nhello\r\n00A;name=\"v\"\r\n, wörl\u{64}!\r\n\r\n0\r\nX-Trailer: a\r\nY: b\r\n\r\nGET"
        #expect(try data(text.replacing("00A", with: "00b"), size: size) == "hello, wörld!\r\n")
        #expect(try data("0\r\n\r\n", size: size) == "")
        #expect(try data("5\r\nhell", size: size) == nil)
    }

    @Test(arguments: [
        "\r\n", "x\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "1 \r\na\r\n", "0x1\r\n", "1\na\n0\n\n", "1\r\nab\r\n",
        "1\r\na\n0\r\n\r\n", "1000000000000000\r\n", "ffffffffffffffff\r\n", "1;a\u{0}\r\n", "1;a\nb\r\n",
        "0\r\n folded\r\n\r\n", "0\r\nX: \u{1}\r\n\r\n", "0\r\nX\nY: 1\r\n\r\n",
    ])
    func oddFramingIsRefused(_ text: String) {
        #expect(throws: RequestFault.self) { try data(text, size: 64) }
    }

    @Test func extensionsAndTrailersHaveALimit() {
        let many = String(repeating: "1;\(String(repeating: "x", count: 100))\r\na\r\n", count: 100)
        #expect(throws: RequestFault.self) { try data(many, size: 1 << 20) }
        #expect(throws: RequestFault.self) {
            try data("0\r\n" + String(repeating: "a: b\r\n", count: 3000), size: 1 << 20)
        }
    }
}
