// SPDX-License-Identifier: Apache-2.0

/// Finds the data in a chunked body (RFC 9112, 7.1), however it is cut into pieces.
///
/// Extensions and trailers are read over: both are rare, and none means anything here. Together they have a limit.
package struct ChunkReader: Sendable {
    package enum Step: Equatable {
        /// Data of the body, at these positions.
        case data(Range<Int>)
        /// The bytes have ended before the body.
        case incomplete
        /// The body has ended, with the position that was reached.
        case ended
    }

    private enum State {
        case size(digitCount: Int)
        case sizeExtension
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailer(isLineEmpty: Bool)
        case trailerLineFeed(isLineEmpty: Bool)
        case ended
    }

    /// The most bytes of extensions and trailers of one body.
    private static let maxDecoration = 8192

    private var state = State.size(digitCount: 0)
    /// The size of the chunk while it is read, then how much of its data is still to come.
    private var remaining = 0
    private var decoration = 0

    package init() {}

    /// Reads on at `position`, and moves it behind what was read.
    package mutating func next(_ bytes: Span<UInt8>, at position: inout Int) throws(RequestFault) -> Step {
        while true {
            if case .ended = state { return .ended }
            guard position < bytes.count else { return .incomplete }
            if case .data = state {
                let range = position..<(position &+ min(remaining, bytes.count &- position))
                position = range.upperBound
                remaining &-= range.count
                if remaining == 0 { state = .dataReturn }
                return .data(range)
            }
            try take(bytes[position])
            position &+= 1
        }
    }

    private mutating func take(_ byte: UInt8) throws(RequestFault) {
        switch state {
        case .size(let digitCount): try takeSize(byte, digitCount: digitCount)
        case .sizeExtension:
            if byte == 0x0D {
                state = .sizeLineFeed
            } else {
                try decorate(byte)
            }
        case .sizeLineFeed:
            try require(byte == 0x0A)
            state = remaining == 0 ? .trailer(isLineEmpty: true) : .data
        case .dataReturn:
            try require(byte == 0x0D)
            state = .dataLineFeed
        case .dataLineFeed:
            try require(byte == 0x0A)
            state = .size(digitCount: 0)
        case .trailer(let isLineEmpty):
            if byte == 0x0D {
                state = .trailerLineFeed(isLineEmpty: isLineEmpty)
            } else {
                // The first byte of a line begins a header's name; a folded line would not.
                try require(!isLineEmpty || ByteClass.isToken(byte))
                try decorate(byte)
                state = .trailer(isLineEmpty: false)
            }
        case .trailerLineFeed(let isLineEmpty):
            try require(byte == 0x0A)
            state = isLineEmpty ? .ended : .trailer(isLineEmpty: true)
        case .data, .ended: break
        }
    }

    private mutating func takeSize(_ byte: UInt8, digitCount: Int) throws(RequestFault) {
        let digit: Int? =
            switch byte {
            case 0x30...0x39: Int(byte) &- 0x30
            case 0x41...0x46: Int(byte) &- 0x37
            case 0x61...0x66: Int(byte) &- 0x57
            default: nil
            }
        if let digit {
            // 15 digits are more than any body has, and fit an Int.
            try require(digitCount < 15)
            remaining = (digitCount == 0 ? 0 : remaining &* 16) &+ digit
            state = .size(digitCount: digitCount &+ 1)
            return
        }
        try require(digitCount > 0)
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case 0x3B: state = .sizeExtension
        default: try require(false)
        }
    }

    private mutating func decorate(_ byte: UInt8) throws(RequestFault) {
        try require(ByteClass.isValue(byte))
        decoration &+= 1
        guard decoration <= Self.maxDecoration else { throw .headTooLarge }
    }

    private func require(_ isSo: Bool) throws(RequestFault) {
        guard isSo else { throw .malformed("The chunks of the body are not framed as they must be.") }
    }
}
