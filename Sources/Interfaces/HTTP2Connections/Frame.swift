// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// What every frame begins with (RFC 9113, 4.1).
struct FrameHeader {
    static let byteCount = 9

    /// Of the payload.
    let length: Int
    /// A number, because frames of unknown types are passed over.
    let type: UInt8
    let flags: FrameFlags
    /// 0 for the connection itself.
    let stream: StreamID

    /// Reads the header at the front of `bytes`, and leaves it there.
    ///
    /// - Returns: `nil` when not all of it is there.
    init?(at bytes: borrowing ByteBuffer) {
        let start = bytes.readerIndex
        guard bytes.readableBytes >= Self.byteCount,
            let front = bytes.getInteger(at: start, as: UInt64.self),
            let last = bytes.getInteger(at: start &+ 8, as: UInt8.self)
        else { return nil }
        length = Int(front >> 40)
        type = UInt8(truncatingIfNeeded: front >> 32)
        flags = FrameFlags(rawValue: UInt8(truncatingIfNeeded: front >> 24))
        stream = StreamID((UInt32(truncatingIfNeeded: front) & 0x7F_FFFF) << 8 | UInt32(last))
    }
}

typealias StreamID = UInt32

/// The types that are known (RFC 9113, 6).
enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
}

struct FrameFlags: OptionSet {
    let rawValue: UInt8

    static let endStream = FrameFlags(rawValue: 0x1)
    static let acknowledgement = FrameFlags(rawValue: 0x1)
    static let endHeaders = FrameFlags(rawValue: 0x4)
    static let padded = FrameFlags(rawValue: 0x8)
    static let priority = FrameFlags(rawValue: 0x20)
}

/// Why a stream or a connection ends (RFC 9113, 7).
package enum HTTP2ErrorCode: UInt32, Sendable {
    case noError = 0
    case protocolError = 1
    case internalError = 2
    case flowControl = 3
    case settingsTimeout = 4
    case streamClosed = 5
    case frameSize = 6
    case refusedStream = 7
    case cancel = 8
    case compression = 9
    case enhanceYourCalm = 11
}

/// What the peer did that ends the connection.
struct ConnectionFault: Error {
    let code: HTTP2ErrorCode
    /// Sent along, for whoever debugs the client.
    let reason: StaticString

    init(_ code: HTTP2ErrorCode, _ reason: StaticString) {
        self.code = code
        self.reason = reason
    }
}

extension ByteBuffer {
    mutating func writeFrameHeader(length: Int, type: UInt8, flags: FrameFlags = [], stream: StreamID) {
        let front = UInt64(length) << 40 | UInt64(type) << 32 | UInt64(flags.rawValue) << 24 | UInt64(stream >> 8)
        writeInteger(front)
        writeInteger(UInt8(truncatingIfNeeded: stream))
    }

    mutating func writeReset(_ code: HTTP2ErrorCode, stream: StreamID) {
        writeFrameHeader(length: 4, type: FrameType.reset, stream: stream)
        writeInteger(code.rawValue)
    }

    mutating func writeWindowUpdate(_ increment: Int, stream: StreamID) {
        writeFrameHeader(length: 4, type: FrameType.windowUpdate, stream: stream)
        writeInteger(UInt32(truncatingIfNeeded: increment))
    }

    mutating func writeGoAway(_ code: HTTP2ErrorCode, last: StreamID, reason: StaticString = "") {
        writeFrameHeader(length: 8 + reason.utf8CodeUnitCount, type: FrameType.goAway, stream: 0)
        writeInteger(last)
        writeInteger(code.rawValue)
        writeStaticString(reason)
    }
}
