// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelMonitoring
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Hands a message to a mail server (RFC 5321): over TLS from the first byte (`smtps`), or from where the server offers it
/// on (`smtp`). A password goes over TLS or not at all.
struct MailDelivery: Sendable {
    private let authorities: String?

    init(authorities: String?) { self.authorities = authorities }

    func send(_ message: MailMessage, to address: URLComponents, password: String?, user: String?) async throws {
        let host = address.host ?? ""
        let isEncrypted = address.scheme?.lowercased() == "smtps"
        let context = try NIOSSLContext(configuration: try clientTLS(authorities))
        let replies = MailReplies()
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if isEncrypted {
                            try channel.pipeline.syncOperations.addHandler(try tlsHandler(context, host))
                        }
                        try channel.pipeline.syncOperations.addHandler(MailReplyReader(replies))
                    }
                }
                .connect(host: host, port: address.port ?? (isEncrypted ? 465 : 587)).get()
        } catch {
            throw DeliveryFailure(error is NIOConnectionError ? "it cannot be reached" : reason(error))
        }
        try await withThrowingTaskGroup { group in
            group.addTask {
                var conversation = MailConversation(
                    channel: channel, replies: replies, context: context, host: host, isEncrypted: isEncrypted)
                try await conversation.hand(over: message, user: user, password: password)
            }
            group.addTask {
                try await Task.sleep(for: AlertDelivery.patience)
                throw DeliveryFailure("it did not answer within 10 s")
            }
            defer {
                group.cancelAll()
                // Ends the conversation as well, whatever it waits for.
                channel.close(promise: nil)
            }
            try await group.next()
        }
    }
}

/// One message, said line by line.
private struct MailConversation {
    let channel: any Channel
    let replies: MailReplies
    private var iterator: AsyncThrowingStream<MailReply, any Error>.Iterator
    /// Replies that were read.
    private var count = 0
    let context: NIOSSLContext
    let host: String
    var isEncrypted: Bool

    init(channel: any Channel, replies: MailReplies, context: NIOSSLContext, host: String, isEncrypted: Bool) {
        self.channel = channel
        self.replies = replies
        iterator = replies.stream.makeAsyncIterator()
        self.context = context
        self.host = host
        self.isEncrypted = isEncrypted
    }

    mutating func hand(over message: MailMessage, user: String?, password: String?) async throws {
        _ = try await reply([220])
        var offers = try await say("EHLO slipway", [250])
        if !isEncrypted, offers.offers("STARTTLS") {
            _ = try await say("STARTTLS", [220])
            try await encrypt()
            offers = try await say("EHLO slipway", [250])
        }
        if let user, let password {
            guard isEncrypted else { throw DeliveryFailure("it offers no encryption, and no password is sent without") }
            guard offers.offers("AUTH", "PLAIN") else { throw DeliveryFailure("it offers no login with a password") }
            let login = Data("\u{0}\(user)\u{0}\(password)".utf8).base64EncodedString()
            _ = try await say("AUTH PLAIN \(login)", [235], as: "the login")
        }
        _ = try await say("MAIL FROM:<\(message.from)>", [250])
        for address in message.to { _ = try await say("RCPT TO:<\(address)>", [250, 251]) }
        _ = try await say("DATA", [354])
        _ = try await say(message.text + ".", [250], as: "the message")
        // It has it; what it says to this is its own affair.
        await write("QUIT\r\n")
    }

    private mutating func say(_ line: String, _ wanted: Set<Int>, as what: String? = nil) async throws -> MailReply {
        await write(line + "\r\n")
        return try await reply(wanted, to: what ?? String(line.prefix { $0 != " " && $0 != ":" }))
    }

    /// What keeps it from being written ends the replies as well, and with the better reason.
    private func write(_ text: String) async { try? await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// What it says in its own words may repeat what it was sent: only the code is told.
    private mutating func reply(_ wanted: Set<Int>, to what: String = "the connection") async throws -> MailReply {
        guard let reply = try await iterator.next(isolation: #isolation) else {
            throw DeliveryFailure("it ended the connection")
        }
        count += 1
        guard wanted.contains(reply.code) else { throw DeliveryFailure("it answers \(reply.code) to \(what)") }
        return reply
    }

    private mutating func encrypt() async throws {
        // Lines that came before the encryption are not those of the server that it is agreed with.
        guard replies.count == count else { throw DeliveryFailure("it speaks before the encryption begins") }
        let (channel, context, host) = (channel, context, host)
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(try tlsHandler(context, host), position: .first)
        }.get()
        isEncrypted = true
    }
}

/// A name is checked against the certificate, and asked for; of an address only the first.
private func tlsHandler(_ context: NIOSSLContext, _ host: String) throws -> NIOSSLClientHandler {
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
}
