// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// Frames that say something about the connection, or about how it goes on.
extension HTTP2Connection {
    func takePriority(_ frame: FrameHeader, _ payload: ByteBuffer) throws(ConnectionFault) {
        guard frame.stream != 0 else { throw ConnectionFault(.protocolError, "PRIORITY on stream 0") }
        try flood.spend(.small)
        guard frame.length == 5, let dependency = payload.getInteger(at: payload.readerIndex, as: UInt32.self) else {
            return try refusePriority(frame.stream, .frameSize)
        }
        // What it says is not followed: streams take turns.
        if dependency & 0x7FFF_FFFF == frame.stream { try refusePriority(frame.stream, .protocolError) }
    }

    /// A stream that was never begun cannot be reset.
    private func refusePriority(_ id: StreamID, _ code: HTTP2ErrorCode) throws(ConnectionFault) {
        guard id <= lastStream else { throw ConnectionFault(code, "PRIORITY is malformed") }
        if let stream = streams[id] { reset(stream, code) }
    }

    func takeReset(_ frame: FrameHeader, _ payload: ByteBuffer) throws(ConnectionFault) {
        guard frame.length == 4 else { throw ConnectionFault(.frameSize, "RST_STREAM is not four bytes") }
        guard frame.stream != 0, frame.stream <= lastStream, frame.stream & 1 == 1 else {
            throw ConnectionFault(.protocolError, "RST_STREAM on an idle stream")
        }
        try flood.spend(streams[frame.stream] == nil ? .small : .answered)
        if let stream = streams[frame.stream] { remove(stream, isCancelled: true) }
    }

    func takeSettings(_ frame: FrameHeader, _ payload: inout ByteBuffer) throws(ConnectionFault) {
        guard frame.stream == 0 else { throw ConnectionFault(.protocolError, "SETTINGS on a stream") }
        if frame.flags.contains(.acknowledgement) {
            guard frame.length == 0 else { throw ConnectionFault(.frameSize, "an acknowledgement with settings") }
            return try flood.spend(.small)
        }
        guard frame.length % 6 == 0 else { throw ConnectionFault(.frameSize, "SETTINGS ends in a setting") }
        try flood.spend(.answered, times: 1 + frame.length / 6)
        let before = peer
        while let identifier = payload.readInteger(as: UInt16.self), let value = payload.readInteger(as: UInt32.self) {
            try peer.take(identifier, value)
        }
        // The encoder here has no table, which whoever made theirs smaller has to be told (RFC 7541, 4.2).
        if peer.headerTable < before.headerTable { owesTableUpdate = true }
        output.writeFrameHeader(length: 0, type: FrameType.settings, flags: .acknowledgement, stream: 0)
        try moveWindows(by: peer.initialWindow - before.initialWindow)
    }

    private func moveWindows(by difference: Int) throws(ConnectionFault) {
        guard difference != 0 else { return }
        for stream in streams.values {
            stream.sendWindow += difference
            guard stream.sendWindow <= PeerSettings.largestWindow else {
                throw ConnectionFault(.flowControl, "a window is larger than any may be")
            }
        }
        for stream in streams.values where stream.queue != nil { line(up: stream) }
        writeBlocked()
    }

    func takePing(_ frame: FrameHeader, _ payload: ByteBuffer) throws(ConnectionFault) {
        guard frame.stream == 0 else { throw ConnectionFault(.protocolError, "PING on a stream") }
        guard frame.length == 8 else { throw ConnectionFault(.frameSize, "PING is not eight bytes") }
        guard !frame.flags.contains(.acknowledgement) else { return try flood.spend(.small) }
        try flood.spend(.answered)
        output.writeFrameHeader(length: 8, type: FrameType.ping, flags: .acknowledgement, stream: 0)
        output.writeImmutableBuffer(payload)
    }

    /// The client opens no more streams; those that there are go on.
    func takeGoAway(_ frame: FrameHeader) throws(ConnectionFault) {
        guard frame.stream == 0 else { throw ConnectionFault(.protocolError, "GOAWAY on a stream") }
        guard frame.length >= 8 else { throw ConnectionFault(.frameSize, "GOAWAY is too short") }
        lastTaken = lastStream
        closeIfDrained()
    }

    func takeWindowUpdate(_ frame: FrameHeader, _ payload: ByteBuffer) throws(ConnectionFault) {
        guard frame.length == 4, let value = payload.getInteger(at: payload.readerIndex, as: UInt32.self) else {
            throw ConnectionFault(.frameSize, "WINDOW_UPDATE is not four bytes")
        }
        let increment = Int(value & 0x7FFF_FFFF)
        // Many small steps are what somebody does who wants to have us write one byte at a time.
        if increment < 1024 { try flood.spend(.small) }
        guard frame.stream != 0 else {
            guard increment > 0 else { throw ConnectionFault(.protocolError, "a window is opened by nothing") }
            sendWindow += increment
            guard sendWindow <= PeerSettings.largestWindow else {
                throw ConnectionFault(.flowControl, "a window is larger than any may be")
            }
            return writeBlocked()
        }
        guard frame.stream <= lastStream, frame.stream & 1 == 1 else {
            throw ConnectionFault(.protocolError, "WINDOW_UPDATE on an idle stream")
        }
        // It may have been on its way when the stream ended.
        guard let stream = streams[frame.stream] else { return }
        guard increment > 0 else { return try endWrongly(stream, .protocolError) }
        stream.sendWindow += increment
        guard stream.sendWindow <= PeerSettings.largestWindow else { return try endWrongly(stream, .flowControl) }
        writeQueued(stream)
    }
}
