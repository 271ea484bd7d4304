// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOPosix
import Testing

/// An answer as it came over the wire.
struct RawAnswer: Sendable {
    let status: Int
    /// By lower-case name.
    let headers: [String: String]
    let bytes: [UInt8]

    var body: String { String(decoding: bytes, as: UTF8.self) }

    /// The value at a path of keys and indices, as its JSON text without spaces: `json("details", "row")`.
    func json(_ path: String...) throws -> String {
        var value = try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
        for key in path {
            if let index = Int(key), let list = value as? [Any] {
                value = try #require(index < list.count ? list[index] : nil)
            } else {
                value = try #require((value as? [String: Any])?[key], "no \(key) in \(body)")
            }
        }
        let data = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }
}

struct ConnectionEnded: Error {}

/// A connection that sends exactly the bytes that a test says, and reads answers one by one.
struct RawClient {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let channel: any Channel
    private var buffer: [UInt8] = []

    static func with<Result: Sendable>(
        port: Int, _ body: (inout RawClient) async throws -> Result
    ) async throws -> Result {
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            // Both ends share their threads with all other tests.
            .connectTimeout(.hours(1))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            var client = RawClient(
                inbound: inbound.makeAsyncIterator(), outbound: outbound, channel: connection.channel)
            return try await body(&client)
        }
    }

    func send(_ text: String) async throws { try await send([UInt8](text.utf8)) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Sends while the test goes on, as far as the server takes it.
    func sendMeanwhile(_ text: String) -> Task<Void, any Error> {
        Task { [outbound] in try await outbound.write(ByteBuffer(string: text)) }
    }

    func finishSending() { outbound.finish() }

    /// Ends the connection at once, with a reset where the kernel has unread bytes.
    func abort() async throws { try await channel.close() }

    /// The next answer.
    ///
    /// - Parameter toHead: Whether it answers HEAD, and so has no body whatever its head says.
    mutating func answer(toHead: Bool = false) async throws -> RawAnswer {
        while true {
            if let answer = try parse(toHead: toHead) { return answer }
            guard try await readMore() else { throw ConnectionEnded() }
        }
    }

    /// The next answer that is not interim.
    mutating func finalAnswer() async throws -> RawAnswer {
        while true {
            let answer = try await answer()
            if answer.status != 100 { return answer }
        }
    }

    /// Whether the server has closed without sending anything more.
    mutating func isClosed() async throws -> Bool {
        guard buffer.isEmpty else { return false }
        do {
            return try await !readMore()
        } catch let error as IOError where error.errnoCode == ECONNRESET {
            // On a busy machine, what we sent may arrive behind the close.
            return true
        }
    }

    private mutating func readMore() async throws -> Bool {
        guard let more = try await inbound.next(isolation: #isolation) else { return false }
        buffer += [UInt8](buffer: more)
        return true
    }

    private mutating func parse(toHead: Bool) throws -> RawAnswer? {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = try #require(Int(lines[0].split(separator: " ")[1]))
        let headers = Dictionary(
            lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
            }, uniquingKeysWith: { $1 })
        let rest = buffer[end.upperBound...]
        let count = toHead || status == 100 || status == 204 ? 0 : Int(headers["content-length"] ?? "0") ?? 0
        guard rest.count >= count else { return nil }
        let bytes = Array(rest.prefix(count))
        buffer = Array(rest.dropFirst(count))
        return RawAnswer(status: status, headers: headers, bytes: bytes)
    }
}
