// SPDX-License-Identifier: Apache-2.0
internal import ModelMonitoring
internal import NIOCore
internal import Synchronization

/// What a mail server said, all its lines.
struct MailReply: Sendable {
    let code: Int
    /// Behind the codes.
    let lines: [String]

    /// Whether a line begins with `word`, and has `other` behind it.
    func offers(_ word: String, _ other: String? = nil) -> Bool {
        lines.contains { line in
            let words = line.uppercased().split { $0 == " " || $0 == "=" }.map(String.init)
            return words.first == word && (other.map { words.dropFirst().contains($0) } ?? true)
        }
    }
}

/// Replies in the order in which they come, for one who asks for them one after the other.
final class MailReplies: Sendable {
    let stream: AsyncThrowingStream<MailReply, any Error>
    fileprivate let continuation: AsyncThrowingStream<MailReply, any Error>.Continuation
    private let received = Atomic<Int>(0)

    init() { (stream, continuation) = AsyncThrowingStream.makeStream() }

    /// How many have come.
    var count: Int { received.load(ordering: .relaxed) }

    fileprivate func add(_ reply: MailReply) {
        received.add(1, ordering: .relaxed)
        continuation.yield(reply)
    }
}

/// Reads replies: lines with a code of three digits, the last of which has a space behind it.
final class MailReplyReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What a server may say altogether: far more than any says that means well.
    private static let limit = 64 << 10

    private let replies: MailReplies
    private var byteCount = 0
    private var line: [UInt8] = []
    private var lines: [String] = []

    init(_ replies: MailReplies) { self.replies = replies }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        byteCount += buffer.readableBytes
        guard byteCount <= Self.limit else { return fail(context, "it says more than a mail server does") }
        for byte in buffer.readableBytesView {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            let text = String(decoding: line, as: UTF8.self)
            line = []
            guard let code = Int(text.prefix(3)), (200...599).contains(code) else {
                return fail(context, "it does not speak SMTP")
            }
            lines.append(String(text.dropFirst(4)))
            guard text.dropFirst(3).first != "-" else { continue }
            replies.add(MailReply(code: code, lines: lines))
            lines = []
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, reason(error)) }

    func channelInactive(context: ChannelHandlerContext) {
        replies.continuation.finish()
        context.fireChannelInactive()
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: String) {
        replies.continuation.finish(throwing: DeliveryFailure(reason))
        context.close(promise: nil)
    }
}
