// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// Answers, as far as the peer's windows let them out; and how streams end.
extension HTTP2Connection {
    // MARK: Headers

    func write(_ header: HeaderBlock, on stream: HTTP2Stream, endsStream: Bool) {
        var flags: FrameFlags = endsStream ? .endStream : []
        let update = owesTableUpdate ? 1 : 0
        let count = header.bytes.count + update
        if count <= peer.maxFrame {
            flags.insert(.endHeaders)
            output.writeFrameHeader(length: count, type: FrameType.headers, flags: flags, stream: stream.id)
            // A table of no size, in one byte.
            if owesTableUpdate { output.writeInteger(0x20 as UInt8) }
            output.writeBytes(header.bytes)
        } else {
            writeLong((update == 1 ? [0x20] : []) + header.bytes, flags, stream.id)
        }
        owesTableUpdate = false
    }

    private func writeLong(_ block: [UInt8], _ flags: FrameFlags, _ stream: StreamID) {
        var rest = block[...]
        var (type, flags) = (FrameType.headers, flags)
        while !rest.isEmpty {
            let part = rest.prefix(peer.maxFrame)
            rest = rest.dropFirst(part.count)
            if rest.isEmpty { flags.insert(.endHeaders) }
            output.writeFrameHeader(length: part.count, type: type, flags: flags, stream: stream)
            output.writeBytes(part)
            (type, flags) = (FrameType.continuation, [])
        }
    }

    // MARK: Bodies

    /// The most that is written before the socket has taken it; an answer that is smaller is not copied twice.
    private static let mostAtOnce = 1 << 20

    func write(_ bytes: UnsafeRawBufferPointer, on stream: HTTP2Stream) {
        var sent = 0
        if stream.queue == nil, channel?.isWritable ?? false {
            // What a socket is given and does not take is counted nowhere: the rest waits here, where it is.
            sent = max(0, min(bytes.count, stream.sendWindow, sendWindow, Self.mostAtOnce - output.readableBytes))
            if sent > 0 { unsafe writeFrames(UnsafeRawBufferPointer(rebasing: bytes[..<sent]), stream) }
        }
        guard sent < bytes.count else { return }
        unsafe enqueue(UnsafeRawBufferPointer(rebasing: bytes[sent...]), stream)
    }

    private func writeFrames(_ bytes: UnsafeRawBufferPointer, _ stream: HTTP2Stream) {
        stream.sendWindow -= bytes.count
        sendWindow -= bytes.count
        var start = 0
        while start < bytes.count {
            let end = min(start + peer.maxFrame, bytes.count)
            output.writeFrameHeader(length: end - start, type: FrameType.data, stream: stream.id)
            unsafe output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
    }

    private func enqueue(_ bytes: UnsafeRawBufferPointer, _ stream: HTTP2Stream) {
        // All that a peer may ask at a time can be under way before the first answer waits. One alone may be of any size.
        let others = waitingBytes - stream.waitingBytes
        guard others == 0 || waitingBytes + bytes.count <= limits.keptAnswers else {
            return reset(stream, .enhanceYourCalm)
        }
        if stream.queue == nil {
            stream.queue = ByteBufferAllocator().buffer(capacity: bytes.count)
            if waitingBytes == 0 { stalledSince = .now() }
        }
        unsafe _ = stream.queue?.writeBytes(bytes)
        waitingBytes += bytes.count
        line(up: stream)
    }

    /// Has a stream wait for its turn.
    func line(up stream: HTTP2Stream) {
        guard !stream.isInQueue, stream.sendWindow > 0 else { return }
        stream.isInQueue = true
        blocked.append(stream)
    }

    func writeEnd(_ trailer: HeaderBlock?, on stream: HTTP2Stream) {
        if let trailer {
            write(trailer, on: stream, endsStream: true)
        } else {
            output.writeFrameHeader(length: 0, type: FrameType.data, flags: .endStream, stream: stream.id)
        }
        sentEnd(stream)
    }

    /// The peer takes more of one stream.
    func writeQueued(_ stream: HTTP2Stream) {
        guard stream.queue != nil else { return }
        line(up: stream)
        writeBlocked()
    }

    /// The peer takes more: streams take turns, a frame each.
    func writeBlocked() {
        guard waitingBytes > 0 else { return }
        var isProgress = false
        while sendWindow > 0, !blocked.isEmpty, output.readableBytes < Self.mostAtOnce, channel?.isWritable ?? false {
            let stream = blocked.removeFirst()
            stream.isInQueue = false
            guard streams[stream.id] === stream, let queue = stream.queue else { continue }
            let count = min(queue.readableBytes, stream.sendWindow, sendWindow, peer.maxFrame)
            guard count > 0, let part = stream.queue?.readSlice(length: count) else { continue }
            isProgress = true
            waitingBytes -= count
            unsafe part.withUnsafeReadableBytes { unsafe writeFrames($0, stream) }
            guard stream.queue?.readableBytes == 0 else {
                line(up: stream)
                continue
            }
            stream.queue = nil
            if let end = stream.queuedEnd {
                writeEnd(end, on: stream)
            } else {
                stream.exchange?.drained()
            }
        }
        if waitingBytes == 0 {
            stalledSince = .distantFuture
        } else if isProgress {
            stalledSince = .now()
        }
        flushSoon()
    }

    // MARK: Credit

    func credit(_ count: Int, _ stream: HTTP2Stream?) {
        creditConnection(count)
        guard let stream, stream.isReceiving else { return }
        stream.uncredited += count
        guard stream.uncredited >= limits.streamWindow / 2 else { return }
        output.writeWindowUpdate(stream.uncredited, stream: stream.id)
        stream.receiveWindow += stream.uncredited
        stream.uncredited = 0
        flushSoon()
    }

    func creditConnection(_ count: Int) {
        uncredited += count
        guard uncredited >= limits.connectionWindow / 2 else { return }
        output.writeWindowUpdate(uncredited, stream: 0)
        receiveWindow += uncredited
        uncredited = 0
        flushSoon()
    }

    func released(_ count: Int) { heldBytes -= count }

    // MARK: Ends

    /// The last byte of an answer was written.
    func sentEnd(_ stream: HTTP2Stream) {
        stream.isSending = false
        flood.answered()
        closeIfEnded(stream)
    }

    func closeIfEnded(_ stream: HTTP2Stream) {
        guard !stream.isSending else { return }
        guard stream.isReceiving else { return remove(stream, isCancelled: false) }
        // The rest of the request is of no interest (RFC 9113, 8.1). It is taken for a while all the same: some clients
        // drop an answer that a reset follows while they send.
        stream.arrivalDeadline = .now() + limits.lateBodies
        stream.exchange = nil
        let untaken = stream.untaken
        stream.release(stream.heldBytes)
        stream.credit(untaken)
    }

    func writeReset(_ code: HTTP2ErrorCode, _ stream: StreamID) {
        resetHere.insert(stream)
        output.writeReset(code, stream: stream)
    }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard streams[stream.id] === stream else { return }
        writeReset(code, stream.id)
        remove(stream, isCancelled: true)
        flushSoon()
    }

    func remove(_ stream: HTTP2Stream, isCancelled: Bool) {
        guard streams.removeValue(forKey: stream.id) != nil else { return }
        if isCancelled { abandon(stream) } else { letGo(stream) }
        if streams.isEmpty {
            quietSince = .now()
            closeIfDrained()
        }
    }

    /// Nobody waits for the answer any more.
    func abandon(_ stream: HTTP2Stream) {
        let exchange = stream.exchange
        letGo(stream)
        exchange?.cancelled()
    }

    private func letGo(_ stream: HTTP2Stream) {
        stream.isSending = false
        stream.isReceiving = false
        stream.exchange = nil
        waitingBytes -= stream.waitingBytes
        stream.queue = nil
        stream.release(stream.heldBytes)
        // Nobody will take them.
        creditConnection(stream.untaken)
    }
}
