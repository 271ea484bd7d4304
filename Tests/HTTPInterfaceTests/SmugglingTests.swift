// SPDX-License-Identifier: Apache-2.0
import Testing

/// A message whose end can be read in two ways is refused, and nothing behind it is ever answered.
struct SmugglingTests {
    private static let hidden = "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"

    @Test(
        arguments: [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Content-Length: 0\r\nContent-Length: 50\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1\nZ\r\nQ\r\n\r\n",
            "Transfer-Encoding: xchunked\r\n\r\n", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", "X: y\n\n", "X: y\r\n\tz\r\n\r\n",
        ], ["/v1/endpoints/doubling/predict", "/v1/endpoints", "/nothing"])
    func nothingHidesBehindIt(_ message: String, _ target: String) async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send("POST \(target) HTTP/1.1\r\nHost: localhost\r\n" + message + Self.hidden)
                do {
                    let answer = try await client.answer()
                    #expect((400...501).contains(answer.status))
                    #expect(answer.headers["connection"] == "close")
                } catch is ConnectionEnded {
                    // The framework had the head already; the connection ended with the body.
                }
                client.finishSending()
                #expect(try await client.isClosed())
            }
        }
    }
}
