// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// The way to whatever takes OpenTelemetry's protocol over HTTP.
struct OTLPConnection {
    /// Never shut down: it lives as long as the process. What is sent may have a secret in its head, and goes nowhere else.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    let url: String
    let headers: [String: String]

    struct Answer {
        let status: Int
        /// How long to wait before the next attempt, in seconds, where the receiver says so.
        let retryAfter: Double?
        /// The message that it sent; empty where that is none of the protocol.
        let message: [UInt8]

        var isTaken: Bool { (200..<300).contains(status) }
    }

    /// - Parameter patience: For the answer, in seconds.
    func post(_ body: [UInt8], patience: Double) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        request.headers.add(name: "user-agent", value: "slipway")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let answer = try await Self.client.execute(
            request, timeout: .nanoseconds(Int64(patience * 1_000_000_000)))
        let content = try await answer.body.collect(upTo: 1 << 20)
        let isRead = answer.headers.first(name: "content-type")?.hasPrefix("application/x-protobuf") ?? false
        return Answer(
            status: Int(answer.status.code), retryAfter: answer.headers.first(name: "retry-after").flatMap(Double.init),
            message: isRead ? Array(content.readableBytesView) : [])
    }
}
