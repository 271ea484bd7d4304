// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// What the server allows its peers. Sizes in bytes.
package struct HTTP2Limits: Sendable {
    /// Requests that a connection may have open at a time.
    package var concurrentStreams = 256
    /// What a peer may send of one request ahead of what was taken.
    package var streamWindow = 1 << 20
    /// The same for all requests of a connection together.
    package var connectionWindow = 8 << 20
    /// The most of one frame's payload.
    package var frame = 1 << 18
    /// The most of a request's header, with 32 for each field (RFC 9113, 10.5.1).
    package var headerList = 1 << 14
    /// The most of a header as it comes: many frames of nothing would otherwise never end.
    package var headerBlock = 1 << 15
    /// The most that a connection's requests may hold while they arrive.
    package var heldBodies = 128 << 20
    /// The most that may wait for a peer that does not read its answers; then it gets no new ones.
    package var waitingAnswers = 32 << 20
    /// The most that waits for such a peer with the answers to what it had asked before: those beyond it are not kept.
    package var keptAnswers = 64 << 20
    /// How long a connection may be there without a request.
    package var idleTimeout = TimeAmount.minutes(5)
    /// How long a request, or a frame, may take to arrive; and how long a peer may read nothing of what waits for it.
    package var arrivalTimeout = TimeAmount.seconds(30)
    /// How long what still comes of a request is taken, and dropped, after its answer was sent.
    package var lateBodies = TimeAmount.seconds(2)
    /// How long requests that were on their way are still taken after the peer was told that the server stops.
    package var drainTimeout = TimeAmount.seconds(1)

    package init() {}
}

/// What the peer has said of itself (RFC 9113, 6.5.2).
struct PeerSettings {
    static let largestWindow = 0x7FFF_FFFF

    private(set) var initialWindow = 65_535
    private(set) var maxFrame = 16_384
    private(set) var headerTable = 4096

    /// Takes one setting over. Unknown ones are passed over.
    mutating func take(_ identifier: UInt16, _ value: UInt32) throws(ConnectionFault) {
        switch identifier {
        case 1: headerTable = Int(value)
        case 2:
            guard value <= 1 else { throw ConnectionFault(.protocolError, "ENABLE_PUSH is neither 0 nor 1") }
        case 4:
            guard value <= Self.largestWindow else {
                throw ConnectionFault(.flowControl, "INITIAL_WINDOW_SIZE is larger than any window")
            }
            initialWindow = Int(value)
        case 5:
            guard (16_384...16_777_215).contains(value) else {
                throw ConnectionFault(.protocolError, "MAX_FRAME_SIZE is out of range")
            }
            maxFrame = Int(value)
        default: break
        }
    }
}

extension HTTP2Limits {
    /// The frames that the server begins a connection with.
    func writeGreeting(into bytes: inout ByteBuffer) {
        let settings: [(UInt16, Int)] = [
            (3, concurrentStreams), (4, streamWindow), (5, frame), (6, headerList),
        ]
        bytes.writeFrameHeader(length: settings.count * 6, type: FrameType.settings, stream: 0)
        for (identifier, value) in settings {
            bytes.writeInteger(identifier)
            bytes.writeInteger(UInt32(value))
        }
        bytes.writeWindowUpdate(connectionWindow - 65_535, stream: 0)
    }
}
