// SPDX-License-Identifier: Apache-2.0
import ContentCoding
import HTTPInterface
import Tensors
import Testing

struct CompressionTests {
    let path = "/v1/endpoints/doubling/predict"

    private func packed(_ text: String, _ coding: ContentCoding) throws -> [UInt8] {
        let small = compressed(Array(text.utf8).span, as: coding)
        return try #require(small)
    }

    @Test func compressedBodiesAreTaken() async throws {
        try await RunningServer.with(settings: { $0.codecLimits.maxBodyBytes = 1000 }) { server in
            for coding in [ContentCoding.gzip, .deflate] {
                let body = try packed(#"{"a":1,"b":2,"c":3}"#, coding)
                let header = "Content-Encoding: \(coding.name)"
                let answer = try await server.ask("POST", path, headers: [header], bytes: body)
                #expect(try answer.json("predictions", "0", "total") == "6")
                let damaged = try await server.ask("POST", path, headers: [header], bytes: Array(body.dropLast(3)))
                #expect(damaged.status == 400)
                #expect(try damaged.json("code") == #""IN-001""#)
                let bomb = try packed(String(repeating: " ", count: 100_000), coding)
                #expect(try await server.ask("POST", path, headers: [header], bytes: bomb).status == 413)
            }
        }
    }

    @Test func answersAreCompressedForWhoeverAsksForIt() async throws {
        try await RunningServer.with { server in
            let rows = "[" + Array(repeating: #"{"a":1,"b":2,"c":3}"#, count: 200).joined(separator: ",") + "]"
            let plain = try await server.ask("POST", path, rows)
            #expect(plain.headers["content-encoding"] == nil)
            let small = try await server.ask("POST", path, headers: ["Accept-Encoding: deflate, gzip"], rows)
            #expect(small.headers["content-encoding"] == "gzip")
            #expect(small.headers["vary"] == "Accept-Encoding")
            #expect(small.bytes.count < plain.bytes.count / 4)
            let whole = try decompressed(small.bytes.span, from: .gzip, maxByteCount: 1 << 20)
            // The id differs, and has always the same length.
            #expect(whole.count == plain.bytes.count)
            #expect(whole.suffix(3000) == plain.bytes.suffix(3000))
            // Not worth it.
            let short = try await server.ask(
                "POST", path, headers: ["Accept-Encoding: gzip"], #"{"a":1,"b":2,"c":3}"#)
            #expect(short.headers["content-encoding"] == nil)
        }
    }
}
