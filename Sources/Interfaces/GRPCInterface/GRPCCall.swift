// SPDX-License-Identifier: Apache-2.0
internal import ContentCoding
internal import HTTP2Connections
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import NIOCore
internal import Tensors

/// One call while its messages arrive and are answered, in the order in which they came.
final class GRPCCall: HTTP2Exchange {
    /// How many messages of one call are computed at a time; then no more are read.
    private static let mostAtOnce = 64
    /// Answers below this are not worth compressing.
    private static let leastCompressed = 1024

    let method: GRPCMethod
    let head: GRPCRequestHead
    /// When the client stops waiting.
    let deadline: Moment?
    /// The name that the client has for the server.
    let authority: String?
    let stream: HTTP2Stream
    let service: GRPCService
    private var assembler: MessageAssembler
    private var messageCount = 0
    private var hasEnded = false
    private var isOver = false
    private var isStopping = false
    private var hasSentHeader = false
    /// What came while too much was being computed.
    private var uncredited = 0

    private var replies = ReplyQueue()

    /// Messages that are being answered, by their number in the call. The first one's answer goes out first.
    private struct ReplyQueue {
        private var replies: [Reply] = []
        /// The number of the first one that is here, and how many of these have gone out.
        private var first = 0
        private var sentCount = 0

        var count: Int { replies.count - sentCount }
        var nextToSend: Int { first + sentCount }
        var all: ArraySlice<Reply> { replies[sentCount...] }

        subscript(number: Int) -> Reply {
            get { replies[number - first] }
            set { replies[number - first] = newValue }
        }

        mutating func append() -> Int {
            replies.append(Reply())
            return first + replies.count - 1
        }

        mutating func sent() {
            sentCount += 1
            guard sentCount == replies.count || sentCount > 2 * GRPCCall.mostAtOnce else { return }
            replies.removeFirst(sentCount)
            first += sentCount
            sentCount = 0
        }
    }

    private struct Reply {
        var pending: PendingAnswer?
        /// The answer, once it is there and others have to go out before it.
        var bytes: [UInt8]?
        var isCompressed = false
    }

    init(
        _ method: GRPCMethod, _ head: GRPCRequestHead, authority: String?, on stream: HTTP2Stream,
        for service: GRPCService
    ) {
        self.method = method
        self.head = head
        deadline = head.timeout.map { Moment.now.after($0) }
        self.authority = authority
        self.stream = stream
        self.service = service
        assembler = MessageAssembler(limit: service.slot.limits.maxBodyBytes)
    }

    var slot: ServingSlot { service.slot }

    // MARK: The request

    func received(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        if replies.count < Self.mostAtOnce { stream.credit(count) } else { uncredited += count }
        assembler.append(bytes)
        takeMessages()
    }

    func ended() {
        hasEnded = true
        takeMessages()
        guard !isOver else { return }
        guard assembler.isEmpty else { return end(GRPCStatus(.internal, "The call ends in a message.")) }
        guard messageCount > 0 || method.streamsRequests else {
            return end(GRPCStatus(.internal, "The call has no message."))
        }
        endIfAnswered()
    }

    func cancelled() {
        isOver = true
        for reply in replies.all { reply.pending?.abandon() }
        slot.unwatch(self)
    }

    func serverStops() {
        guard method.streamsAnswers else { return }
        isStopping = true
        if method == .healthWatch { tellUnhealthy() }
        endIfAnswered()
    }

    func timedOut() { end(GRPCStatus(.deadlineExceeded, "The message did not arrive in time.")) }

    private func takeMessages() {
        do throws(GRPCStatus) {
            while !isOver, replies.count < Self.mostAtOnce, let message = try assembler.next() {
                messageCount += 1
                guard messageCount == 1 || method.streamsRequests else {
                    throw GRPCStatus(.internal, "The call takes one message, and has several.")
                }
                let bytes = try content(of: message)
                if method.streamsRequests { stream.release(message.bytes.readableBytes) }
                answer(bytes)
            }
        } catch {
            end(error)
        }
    }

    private func content(of message: MessageAssembler.Message) throws(GRPCStatus) -> ByteBuffer {
        guard message.isCompressed else { return message.bytes }
        guard let coding = head.coding else {
            throw GRPCStatus(.internal, "A message is compressed, and nothing says how: grpc-encoding is missing.")
        }
        do throws(DecompressionFault) {
            return ByteBuffer(
                bytes: try decompressed(
                    message.bytes.readableBytesUInt8Span, from: coding, maxByteCount: slot.limits.maxBodyBytes))
        } catch .tooLarge {
            throw GRPCStatus(
                .resourceExhausted,
                "A message holds more than \(slot.limits.maxBodyBytes) bytes. Send fewer rows at a time.")
        } catch {
            throw GRPCStatus(.internal, "A message is not what its grpc-encoding says.")
        }
    }

    // MARK: The answer

    /// Keeps a place for the answer to a message.
    ///
    /// - Returns: Its number.
    func reserveReply() -> Int {
        replies.append()
    }

    func wait(for pending: PendingAnswer, reply: Int) { replies[reply].pending = pending }

    /// Goes on with a message once the model that it is for is loaded.
    ///
    /// - Throws: Why it does not wait for that.
    func wait(
        for state: EndpointState, _ terms: RequestTerms, reply: Int,
        _ goOn: @escaping (Result<AwakenedEndpoint, ServingError>) -> Void
    ) throws(ServingError) {
        guard let loop = stream.eventLoop else { return }
        let next = NIOLoopBound((call: self, goOn: goOn), eventLoop: loop)
        let pending = try slot.service.awaken(state, terms: terms) { result in
            loop.execute { if !next.value.call.isOver { next.value.goOn(result) } }
        }
        wait(for: pending, reply: reply)
    }

    /// Answers a message with what `body` appends to the slot's writer.
    func send(reply index: Int, _ body: (ByteWriter) throws(GRPCStatus) -> Void) {
        guard !isOver else { return }
        let writer = slot.writer
        writer.removeAll()
        for _ in 0..<MessageAssembler.prefixByteCount { writer.append(0) }
        do throws(GRPCStatus) {
            try body(writer)
        } catch {
            return end(error)
        }
        replies[index].pending = nil
        let compressed = compressedReply(writer)
        if index == replies.nextToSend {
            writeReply(writer, compressed)
            replies.sent()
            sendWaiting()
        } else {
            writer.overwrite(at: 1, bigEndian: UInt32(writer.count - MessageAssembler.prefixByteCount))
            replies[index].bytes = compressed ?? writer.bytes
            replies[index].isCompressed = compressed != nil
        }
        endIfAnswered()
        stream.flush()
    }

    /// In what the client compressed its own messages with, where that is worth it.
    private func compressedReply(_ writer: ByteWriter) -> [UInt8]? {
        guard let coding = head.coding, writer.count >= Self.leastCompressed else { return nil }
        return unsafe writer.withUnsafeBytes { bytes in
            let message = unsafe UnsafeRawBufferPointer(rebasing: bytes.dropFirst(MessageAssembler.prefixByteCount))
            return unsafe compressed(Span(_unsafeBytes: message), as: coding)
        }
    }

    private func writeReply(_ writer: ByteWriter, _ compressed: [UInt8]?) {
        sendHeader()
        if let compressed {
            sendCompressed(compressed)
        } else {
            writer.overwrite(at: 1, bigEndian: UInt32(writer.count - MessageAssembler.prefixByteCount))
            unsafe writer.withUnsafeBytes { unsafe stream.send($0) }
        }
        writer.removeAll(keepingCapacity: writer.count < 1 << 20)
    }

    private func sendCompressed(_ bytes: [UInt8]) {
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count + MessageAssembler.prefixByteCount)
        buffer.writeInteger(1 as UInt8)
        buffer.writeInteger(UInt32(bytes.count))
        buffer.writeBytes(bytes)
        stream.send(buffer)
    }

    private func sendHeader() {
        guard !hasSentHeader else { return }
        hasSentHeader = true
        stream.send(head.coding.map { GRPCAnswer.header(coding: "\($0.name)") } ?? GRPCAnswer.header)
    }

    /// Answers that are there, and had to wait for others.
    private func sendWaiting() {
        while replies.count > 0, let bytes = replies[replies.nextToSend].bytes {
            if replies[replies.nextToSend].isCompressed {
                sendCompressed(bytes)
            } else {
                stream.send(ByteBuffer(bytes: bytes))
            }
            replies.sent()
        }
        if uncredited > 0, replies.count < Self.mostAtOnce {
            stream.credit(uncredited)
            uncredited = 0
            if let loop = stream.eventLoop {
                // Not from within the answer to one of them.
                let call = NIOLoopBound(self, eventLoop: loop)
                loop.execute { call.value.takeMessages() }
            }
        }
    }

    private func endIfAnswered() {
        guard !isOver, replies.count == 0 else { return }
        if isStopping { return end(GRPCStatus(.unavailable, "The server stops. Call again.")) }
        guard hasEnded, assembler.isEmpty, method != .healthWatch else { return }
        isOver = true
        sendHeader()
        stream.end(GRPCStatus.okTrailer)
        stream.flush()
    }

    /// Ends the call with a status. What is still being computed is dropped.
    func end(_ status: GRPCStatus) {
        guard !isOver else { return }
        cancelled()
        if hasSentHeader {
            var trailer = HeaderBlock()
            status.write(into: &trailer)
            stream.end(trailer)
            stream.flush()
        } else {
            service.refuse(status, on: stream)
        }
    }
}
