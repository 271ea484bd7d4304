// SPDX-License-Identifier: Apache-2.0
import HTTPInterface
import InferenceServing
import NIOCore
import Tensors
import Testing

/// What happens between requests of one connection, and when a client does not do as it should.
struct ConnectionTests {
    let path = "/v1/endpoints/doubling/predict"

    private func row(_ value: Int) -> String { #"{"a":\#(value),"b":0,"c":0}"# }

    @Test func requestsInOneWriteAreAnsweredInOrder() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send((0..<50).map { request("POST", path, row($0)) }.joined())
                for value in 0..<50 {
                    #expect(try await client.answer().json("predictions", "0", "total") == "\(value)")
                }
            }
        }
    }

    @Test func mixedRequestsKeepTheirOrder() async throws {
        let slow = try state("slow", DoublingEngine(), DoublingEngine.signature, nanoseconds: 1_000_000_000)
        try await RunningServer.with([doubling(), slow]) { server in
            let token = "Authorization: Bearer \(server.administratorToken)"
            try await RawClient.with(port: server.port) { client in
                // Framework, event loop, lane, framework with an error, event loop …
                var text = ""
                for value in 0..<10 {
                    text += request("GET", "/v1/status", headers: [token])
                    text += request("POST", path, row(value))
                    text += request("POST", "/v1/endpoints/slow/predict", row(value + 100))
                    text += request("GET", "/v1/nothing")
                    text += request("GET", "/v2/health/live")
                }
                try await client.send(text)
                for value in 0..<10 {
                    #expect(try await client.answer().json("version") == #""1.2.3""#)
                    #expect(try await client.answer().json("predictions", "0", "total") == "\(value)")
                    #expect(try await client.answer().json("predictions", "0", "total") == "\(value + 100)")
                    #expect(try await client.answer().json("code") == #""SRV-004""#)
                    #expect(try await client.answer().body == #"{"live":true}"#)
                }
            }
        }
    }

    /// A connection remembers where its last prediction went; nothing else may be taken for that.
    @Test func everyRequestGoesWhereItsOwnPathSays() async throws {
        let other = try state("other", DoublingEngine(), DoublingEngine.signature, version: 7)
        try await RunningServer.with([doubling(), other]) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(
                    request("POST", path, row(1)) + request("POST", "/v1/endpoints/other/predict", row(1))
                        + request("POST", path, row(1)) + request("POST", "\(path)?a=b", row(1))
                        + request("GET", path) + request("POST", path, row(1)))
                for version in ["3", "7", "3"] {
                    #expect(try await client.answer().json("version") == version)
                }
                #expect(try await client.answer().json("code") == #""IN-010""#)
                #expect(try await client.answer().status == 405)
                #expect(try await client.answer().json("version") == "3")
            }
        }
    }

    @Test func chunkedBodiesAreTaken() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(
                    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1,\r\n")
                try await Task.sleep(for: .milliseconds(20))
                try await client.send("d\r\n\"b\":2,\"c\":3}\n\r\n0\r\n\r\n" + request("GET", "/v2/health/live"))
                #expect(try await client.answer().json("predictions", "0", "total") == "6")
                #expect(try await client.answer().status == 200)
            }
        }
    }

    @Test func aBodyThatComesByteByByteIsTaken() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                for byte in request("POST", path, row(7)).utf8 {
                    try await client.send([byte])
                }
                #expect(try await client.answer().json("predictions", "0", "total") == "7")
            }
        }
    }

    @Test func aBodyAboveTheLimitIsRefused() async throws {
        try await RunningServer.with(settings: { $0.codecLimits.maxBodyBytes = 1000 }) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(head("POST", path, [], 1001))
                let answer = try await client.answer()
                #expect(answer.status == 413)
                #expect(try answer.json("code") == #""IN-009""#)
                #expect(answer.headers["connection"] == "close")
            }
            try await RawClient.with(port: server.port) { client in
                try await client.send("POST \(path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = "1f4\r\n" + String(repeating: "x", count: 500) + "\r\n"
                try await client.send(chunk + chunk + chunk)
                #expect(try await client.answer().status == 413)
                // What the client still sends does not take the answer away, and is not answered.
                try? await client.send(chunk)
                client.finishSending()
                #expect(try await client.isClosed())
            }
            #expect(try await server.ask("POST", path, row(1)).status == 200)
        }
    }

    @Test func whoeverExpectsToContinueIsToldTo() async throws {
        try await RunningServer.with(settings: { $0.codecLimits.maxBodyBytes = 1000 }) { server in
            try await RawClient.with(port: server.port) { client in
                let body = row(3)
                try await client.send(head("POST", path, ["Expect: 100-continue"], body.utf8.count))
                #expect(try await client.answer().status == 100)
                try await client.send(body)
                #expect(try await client.answer().status == 200)
                try await client.send(head("POST", path, ["Expect: 100-continue"], 5000))
                #expect(try await client.answer().status == 413)
            }
        }
    }

    @Test func halfARequestIsRefusedAndTheConnectionCloses() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(head("POST", path, [], 100) + "{\"a\":")
                client.finishSending()
                #expect(try await client.answer().status == 400)
                #expect(try await client.isClosed())
            }
        }
    }

    @Test func whatIsNoHTTPIsRefused() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(request("GET", "/v2/health/live") + "\u{1}\u{2}\u{3} what\r\n\r\n")
                #expect(try await client.answer().status == 200)
                let answer = try await client.answer()
                #expect(answer.status == 400)
                #expect(answer.headers["connection"] == "close")
            }
        }
    }

    @Test func aLengthTogetherWithChunksIsRefused() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(
                    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "0\r\n\r\n" + request("GET", "/v2/health/live"))
                #expect(try await client.answer().status == 400)
            }
        }
    }

    @Test func connectionsEndWhereTheClientSaysSo() async throws {
        try await RunningServer.with { server in
            for target in ["/v2/health/live", "/v1/nothing"] {
                try await RawClient.with(port: server.port) { client in
                    try await client.send(request("GET", target, headers: ["Connection: close"]))
                    #expect(try await client.answer().headers["connection"] == "close")
                    #expect(try await client.isClosed())
                }
                try await RawClient.with(port: server.port) { client in
                    try await client.send("GET \(target) HTTP/1.0\r\nHost: localhost\r\n\r\n")
                    _ = try await client.answer()
                    #expect(try await client.isClosed())
                }
            }
        }
    }

    @Test func anOfferedUpgradeIsDeclinedByAnswering() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(
                    request("POST", path, headers: ["Connection: Upgrade", "Upgrade: h2c"], row(2)))
                #expect(try await client.answer().status == 200)
                // Not from the framework, whose parser stops behind an offer.
                try await client.send(request("GET", "/v1/nothing", headers: ["Connection: Upgrade", "Upgrade: h2c"]))
                let answer = try await client.answer()
                #expect(answer.status == 404)
                #expect(answer.headers["connection"] == "close")
                #expect(try await client.isClosed())
            }
        }
    }

    @Test func aClientThatHasSentAllStillGetsItsAnswers() async throws {
        let slow = try state("slow", DoublingEngine(), DoublingEngine.signature, nanoseconds: 1_000_000_000)
        try await RunningServer.with([doubling(), slow]) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(
                    request("POST", "/v1/endpoints/slow/predict", row(1)) + request("GET", "/v1/nothing")
                        + request("POST", path, row(2)))
                client.finishSending()
                #expect(try await client.finalAnswer().json("predictions", "0", "total") == "1")
                #expect(try await client.finalAnswer().status == 404)
                #expect(try await client.finalAnswer().json("predictions", "0", "total") == "2")
                #expect(try await client.isClosed())
            }
        }
    }

    @Test func aClientThatDoesNotReadIsNotServedAheadButLosesNothing() async throws {
        let state = doubling()
        try await RunningServer.with([state]) { server in
            try await RawClient.with(port: server.port) { client in
                // About 130 kB an answer, 150 of them: more than the sockets hold between client and server.
                let rows = "[" + Array(repeating: row(1), count: 2000).joined(separator: ",") + "]"
                let sending = client.sendMeanwhile(
                    String(repeating: request("POST", path, rows), count: 150))
                // Until the server stops by itself.
                var answered = -1
                while answered != state.counters.answered {
                    answered = state.counters.answered
                    try await Task.sleep(for: .milliseconds(300))
                }
                #expect(answered < 150)
                for _ in 0..<150 {
                    let answer = try await client.answer()
                    #expect(answer.status == 200 && answer.bytes.count > 50_000)
                }
                try await sending.value
            }
            #expect(state.counters.answered == 150)
        }
    }

    @Test func largeBodiesComeInManyPieces() async throws {
        try await RunningServer.with { server in
            let rows = (0..<50_000).map { row($0) }.joined(separator: ",")
            let answer = try await server.ask("POST", path, "[\(rows)]")
            #expect(answer.status == 200)
            #expect(answer.body.contains(#""total":49999"#))
        }
    }

    @Test func silentConnectionsEnd() async throws {
        try await RunningServer.with(settings: { $0.idleTimeout = .milliseconds(200) }) { server in
            try await RawClient.with(port: server.port) { client in
                let isClosed = try await client.isClosed()
                #expect(isClosed)
            }
        }
    }

    @Test func headsThatDoNotEndAreRefused() async throws {
        try await RunningServer.with(settings: { $0.bodyTimeout = .milliseconds(200) }) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(request("GET", "/v2/health/live") + "GET /v2/health/live HT")
                #expect(try await client.answer().status == 200)
                #expect(try await client.answer().status == 408)
                #expect(try await client.isClosed())
            }
        }
    }

    @Test func slowBodiesEnd() async throws {
        try await RunningServer.with(settings: { $0.bodyTimeout = .milliseconds(100) }) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(head("POST", path, [], 100) + "{")
                #expect(try await client.answer().status == 408)
            }
        }
    }

    @Test func manyConnectionsAtOnceEachGetTheirOwnAnswers() async throws {
        try await RunningServer.with { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for connection in 0..<40 {
                    group.addTask {
                        try await RawClient.with(port: server.port) { client in
                            for round in 0..<20 {
                                try await client.send(request("POST", path, row(connection * 100 + round)))
                                let answer = try await client.answer()
                                #expect(
                                    try answer.json("predictions", "0", "total") == "\(connection * 100 + round)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
