// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// What answers the requests of a connection. Called on the connection's event loop only.
package protocol HTTP2Service: AnyObject {
    /// A request has begun.
    ///
    /// - Returns: What takes its body; or `nil` when it was answered, or reset, and its body is of no interest.
    func begin(_ head: HTTP2RequestHead, on stream: HTTP2Stream) -> (any HTTP2Exchange)?

    /// All that came in one read was handed over; what is sent from in here still goes out in one write with the rest.
    func readEnded()
}

extension HTTP2Service {
    package func readEnded() {}
}

/// One request that arrives and is answered. Called on the connection's event loop only.
package protocol HTTP2Exchange: AnyObject {
    /// A part of the body. What was taken is given back with ``HTTP2Stream/credit(_:)``, so that more can come.
    func received(_ bytes: ByteBuffer)

    /// The request is whole.
    func ended()

    /// Nobody waits for the answer any more: the client has said so, or is gone. Nothing can be sent.
    func cancelled()

    /// All that was to be sent so far has been handed to the connection.
    func drained()

    /// The server stops. What could go on for ever has to end now; what is being answered goes on.
    func serverStops()

    /// The request did not arrive in time. Answers, or resets the stream.
    func timedOut()
}

extension HTTP2Exchange {
    package func drained() {}
    package func serverStops() {}
}

/// A request and its answer on a connection. Used on the connection's event loop only.
package final class HTTP2Stream {
    package let id: UInt32
    let connection: HTTP2Connection
    var exchange: (any HTTP2Exchange)?

    /// Whether more of the request may come.
    var isReceiving = true
    /// Whether more of the answer may come.
    var isSending = true
    /// What the head says the body has, and what came of it.
    var contentLength: Int?
    var receivedBytes = 0
    /// What came and was not let go.
    private(set) var heldBytes = 0
    /// What the peer may still send.
    var receiveWindow: Int
    /// What was taken and not yet told to the peer.
    var uncredited = 0
    /// What came and was not taken yet.
    private(set) var untaken = 0
    var sendWindow: Int
    /// What waits for the peer's windows.
    var queue: ByteBuffer?
    /// What stands behind ``queue``: the end, with or without a trailer.
    var queuedEnd: HeaderBlock??
    var isInQueue = false
    /// By when the request has to be here; never for one that goes on as long as the client likes.
    package var arrivalDeadline = NIODeadline.distantFuture

    init(_ id: UInt32, on connection: HTTP2Connection, sendWindow: Int, receiveWindow: Int) {
        self.id = id
        self.connection = connection
        self.sendWindow = sendWindow
        self.receiveWindow = receiveWindow
    }

    package var eventLoop: (any EventLoop)? { connection.eventLoop }
    package var channel: (any Channel)? { connection.channel }
    /// Whether a response may still be sent.
    package var isOpen: Bool { isSending }
    /// Whether ``HTTP2Service/readEnded()`` will be called once what arrives now is handed over.
    package var isInRead: Bool { connection.isReading }
    /// Bytes of the answer that wait for the peer.
    package var waitingBytes: Int { queue?.readableBytes ?? 0 }

    /// A part of the body is handed over.
    func hold(_ count: Int) {
        heldBytes += count
        untaken += count
    }

    /// `count` bytes of the body are not kept any more. What is still kept when the stream ends is let go with it.
    package func release(_ count: Int) {
        let count = min(count, heldBytes)
        heldBytes -= count
        connection.released(count)
    }

    /// `count` bytes of the body were taken: the peer may send as many more.
    package func credit(_ count: Int) {
        let count = min(count, untaken)
        untaken -= count
        connection.credit(count, self)
    }

    /// Sends the head of the answer.
    package func send(_ header: HeaderBlock, endsStream: Bool = false) {
        guard isSending else { return }
        connection.write(header, on: self, endsStream: endsStream)
        if endsStream { connection.sentEnd(self) }
    }

    /// Sends a part of the answer's body, as far and as soon as the peer takes it.
    package func send(_ bytes: UnsafeRawBufferPointer) {
        guard isSending else { return }
        unsafe connection.write(bytes, on: self)
    }

    package func send(_ bytes: ByteBuffer) {
        unsafe bytes.withUnsafeReadableBytes { unsafe send($0) }
    }

    /// Ends the answer.
    package func end(_ trailer: HeaderBlock? = nil) {
        guard isSending, queuedEnd == nil else { return }
        if queue == nil {
            connection.writeEnd(trailer, on: self)
        } else {
            queuedEnd = .some(trailer)
        }
    }

    /// Ends the stream at once, in both directions.
    package func reset(_ code: HTTP2ErrorCode) { connection.reset(self, code) }

    /// Has what was sent go out: for answers outside of any event of the connection. Several of one turn of the event loop
    /// go out together.
    package func flush() { connection.flushSoon() }
}
