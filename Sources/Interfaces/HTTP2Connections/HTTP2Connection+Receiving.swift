// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHPACK

/// Frames as they come.
extension HTTP2Connection {
    /// Takes up whatever is whole, and of DATA what there is.
    func takeInput() {
        do throws(ConnectionFault) {
            guard try takePreface() else { return }
            while phase != .closing, try takeFrame() {}
        } catch {
            fail(error)
        }
    }

    /// - Returns: `false` until all of it is here.
    private func takePreface() throws(ConnectionFault) -> Bool {
        guard phase == .preface else { return true }
        let expected = Self.preface
        let count = min(input.readableBytes, expected.utf8CodeUnitCount)
        let isRight = unsafe input.withUnsafeReadableBytes { bytes in
            unsafe zip(bytes.prefix(count), UnsafeBufferPointer(start: expected.utf8Start, count: count))
                .allSatisfy { $0 == $1 }
        }
        guard isRight else { throw ConnectionFault(.protocolError, "this is no HTTP/2 preface") }
        guard count == expected.utf8CodeUnitCount else { return false }
        input.moveReaderIndex(forwardBy: count)
        phase = .greeting
        return true
    }

    /// - Returns: `false` when the next one is not here.
    private func takeFrame() throws(ConnectionFault) -> Bool {
        if let data { return takeData(data) }
        frameCount &+= 1
        guard let frame = FrameHeader(at: input) else { return false }
        guard frame.length <= limits.frame else { throw ConnectionFault(.frameSize, "a frame is too large") }
        if phase == .greeting {
            guard frame.type == FrameType.settings, !frame.flags.contains(.acknowledgement) else {
                throw ConnectionFault(.protocolError, "the first frame is not SETTINGS")
            }
            phase = .open
        }
        if let block, frame.type != FrameType.continuation || frame.stream != block.stream {
            throw ConnectionFault(.protocolError, "a header is interrupted")
        }
        // The parts of a body need not wait for one another; that of a padded frame is known with all of it.
        if frame.type == FrameType.data, !frame.flags.contains(.padded) {
            input.moveReaderIndex(forwardBy: FrameHeader.byteCount)
            try beginData(frame, count: frame.length)
            return true
        }
        guard input.readableBytes >= FrameHeader.byteCount + frame.length else { return false }
        input.moveReaderIndex(forwardBy: FrameHeader.byteCount)
        guard var payload = input.readSlice(length: frame.length) else { return false }
        switch frame.type {
        case FrameType.data: try takePaddedData(frame, &payload)
        case FrameType.headers: try takeHeaders(frame, &payload)
        case FrameType.continuation: try takeContinuation(frame, payload)
        case FrameType.priority: try takePriority(frame, payload)
        case FrameType.reset: try takeReset(frame, payload)
        case FrameType.settings: try takeSettings(frame, &payload)
        case FrameType.pushPromise: throw ConnectionFault(.protocolError, "a client does not promise anything")
        case FrameType.ping: try takePing(frame, payload)
        case FrameType.goAway: try takeGoAway(frame)
        case FrameType.windowUpdate: try takeWindowUpdate(frame, payload)
        default: try flood.spend(.small)
        }
        return true
    }

    // MARK: Bodies

    /// - Parameter count: Bytes of the body in the frame, padding not included.
    private func beginData(_ frame: FrameHeader, count: Int) throws(ConnectionFault) {
        guard frame.stream != 0 else { throw ConnectionFault(.protocolError, "DATA on stream 0") }
        guard frame.stream <= lastStream, frame.stream & 1 == 1 else {
            throw ConnectionFault(.protocolError, "DATA on an idle stream")
        }
        receiveWindow -= frame.length
        guard receiveWindow >= 0 else { throw ConnectionFault(.flowControl, "more DATA than the connection allows") }
        let ends = frame.flags.contains(.endStream)
        if count == 0, !ends { try flood.spend(.answered) }
        if let stream = streams[frame.stream] {
            if !stream.isReceiving {
                try endWrongly(stream, .streamClosed)
            } else {
                stream.receiveWindow -= frame.length
                if stream.receiveWindow < 0 { try endWrongly(stream, .flowControl) }
            }
        } else {
            // It may have been on its way when the stream ended here.
            try refuseClosed(frame.stream)
        }
        data = (frame.stream, count, ends)
        let padding = frame.length - count
        if padding > 0 { credit(padding, streams[frame.stream]) }
        if count == 0 { _ = takeData((frame.stream, 0, ends)) }
    }

    private func takePaddedData(_ frame: FrameHeader, _ payload: inout ByteBuffer) throws(ConnectionFault) {
        try removePadding(&payload)
        try beginData(frame, count: payload.readableBytes)
        guard let data, payload.readableBytes > 0 else { return }
        deliver(payload, data)
    }

    private func takeData(_ frame: (stream: StreamID, left: Int, ends: Bool)) -> Bool {
        guard frame.left > 0 else {
            data = nil
            if frame.ends, let stream = streams[frame.stream] { endReceiving(stream) }
            return true
        }
        guard input.readableBytes > 0,
            let bytes = input.readSlice(length: min(frame.left, input.readableBytes))
        else { return false }
        deliver(bytes, frame)
        return true
    }

    private func deliver(_ bytes: ByteBuffer, _ frame: (stream: StreamID, left: Int, ends: Bool)) {
        let count = bytes.readableBytes
        data?.left -= count
        if let stream = streams[frame.stream], stream.isReceiving {
            stream.receivedBytes += count
            if let exchange = stream.exchange {
                stream.hold(count)
                heldBytes += count
                if heldBytes > limits.heldBodies {
                    reset(stream, .enhanceYourCalm)
                    creditConnection(count)
                } else {
                    exchange.received(bytes)
                }
            } else {
                credit(count, stream)
            }
        } else {
            creditConnection(count)
        }
        if frame.left == count { _ = takeData((frame.stream, 0, frame.ends)) }
    }

    /// The request has all of its parts.
    private func endReceiving(_ stream: HTTP2Stream) {
        guard stream.isReceiving else { return }
        if let length = stream.contentLength, length != stream.receivedBytes {
            return reset(stream, .protocolError)
        }
        stream.isReceiving = false
        stream.arrivalDeadline = .distantFuture
        stream.exchange?.ended()
        closeIfEnded(stream)
    }

    private func removePadding(_ payload: inout ByteBuffer) throws(ConnectionFault) {
        guard let padding = payload.readInteger(as: UInt8.self), Int(padding) <= payload.readableBytes else {
            throw ConnectionFault(.protocolError, "more padding than payload")
        }
        payload.moveWriterIndex(to: payload.writerIndex - Int(padding))
    }

    /// A frame on a stream that has ended.
    private func refuseClosed(_ id: StreamID) throws(ConnectionFault) {
        try flood.spend(.answered)
        if !resetHere.contains(id) { writeReset(.streamClosed, id) }
    }

    func endWrongly(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) throws(ConnectionFault) {
        try flood.spend(.answered)
        reset(stream, code)
    }

    // MARK: Headers

    private func takeHeaders(_ frame: FrameHeader, _ payload: inout ByteBuffer) throws(ConnectionFault) {
        guard frame.stream & 1 == 1 else {
            throw ConnectionFault(.protocolError, "HEADERS on a stream that no client begins")
        }
        if frame.flags.contains(.padded) { try removePadding(&payload) }
        if frame.flags.contains(.priority) {
            guard let dependency = payload.readInteger(as: UInt32.self), payload.readInteger(as: UInt8.self) != nil
            else { throw ConnectionFault(.frameSize, "HEADERS ends in its priority") }
            guard dependency & 0x7FFF_FFFF != frame.stream else {
                throw ConnectionFault(.protocolError, "a stream depends on itself")
            }
        }
        try takeBlock(
            (frame.stream, payload, frame.flags.contains(.endStream)), isWhole: frame.flags.contains(.endHeaders))
    }

    private func takeContinuation(_ frame: FrameHeader, _ payload: ByteBuffer) throws(ConnectionFault) {
        guard var begun = block else { throw ConnectionFault(.protocolError, "CONTINUATION of nothing") }
        try flood.spend(.answered)
        block = nil
        begun.bytes.writeImmutableBuffer(payload)
        try takeBlock(begun, isWhole: frame.flags.contains(.endHeaders))
    }

    private func takeBlock(
        _ begun: (stream: StreamID, bytes: ByteBuffer, endsStream: Bool), isWhole: Bool
    ) throws(ConnectionFault) {
        guard begun.bytes.readableBytes <= limits.headerBlock else {
            throw ConnectionFault(.enhanceYourCalm, "a header is too large")
        }
        guard isWhole else {
            block = begun
            return
        }
        if let known, begun.stream > lastStream, known.matches(begun.bytes) {
            return try begin(begun.stream, known.head, endsStream: begun.endsStream)
        }
        var bytes = begun.bytes
        let headers: HPACKHeaders
        do {
            headers = try decoder.decodeHeaders(from: &bytes)
        } catch is NIOHPACKErrors.MaxHeaderListSizeViolation {
            // The tables of both ends differ from here on.
            throw ConnectionFault(.enhanceYourCalm, "a header is too large")
        } catch {
            throw ConnectionFault(.compression, "a header cannot be decoded")
        }
        if begun.stream > lastStream {
            let head = HTTP2RequestHead(headers)
            known = head.flatMap { KnownHeader(begun.bytes, $0) }
            try begin(begun.stream, head, endsStream: begun.endsStream)
        } else {
            known = nil
            try takeTrailers(begun.stream, headers, endsStream: begun.endsStream)
        }
    }

    /// - Parameter head: `nil` for one that no answer can be given to.
    private func begin(_ id: StreamID, _ head: HTTP2RequestHead?, endsStream: Bool) throws(ConnectionFault) {
        if id > lastStream + 2 { passedOver = passedOver.suffix(15) + [lastStream + 1...id - 1] }
        lastStream = id
        guard id <= lastTaken, streams.count < limits.concurrentStreams, waitingBytes <= limits.waitingAnswers else {
            try flood.spend(.small)
            writeReset(.refusedStream, id)
            return
        }
        guard let head, !endsStream || head.contentLength ?? 0 == 0 else {
            try flood.spend(.answered)
            writeReset(.protocolError, id)
            return
        }
        let stream = HTTP2Stream(
            id, on: self, sendWindow: peer.initialWindow, receiveWindow: limits.streamWindow)
        stream.contentLength = head.contentLength
        stream.arrivalDeadline = endsStream ? .distantFuture : .now() + limits.arrivalTimeout
        streams[id] = stream
        stream.exchange = service.begin(head, on: stream)
        if endsStream {
            endReceiving(stream)
        } else {
            closeIfEnded(stream)
        }
    }

    private func takeTrailers(_ id: StreamID, _ headers: HPACKHeaders, endsStream: Bool) throws(ConnectionFault) {
        guard !passedOver.contains(where: { $0.contains(id) }) else {
            throw ConnectionFault(.protocolError, "a stream begins below another one")
        }
        guard let stream = streams[id] else { return try refuseClosed(id) }
        guard stream.isReceiving else { return try endWrongly(stream, .streamClosed) }
        guard endsStream, areTrailers(headers) else { return try endWrongly(stream, .protocolError) }
        endReceiving(stream)
    }
}
