// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// Finds where the body of a request ends, while it arrives.
struct BodyReader {
    private var remaining: Int
    private var chunks: ChunkReader?
    private(set) var isComplete: Bool

    init(_ framing: RequestHead.Framing) {
        switch framing {
        case .length(let count):
            remaining = count
            isComplete = count == 0
        case .chunked:
            remaining = 0
            chunks = ChunkReader()
            isComplete = false
        }
    }

    /// Takes the next data of the body out of `input`, without what frames it and without copying.
    ///
    /// - Returns: `nil` when there is none: the body is complete, or more has to come.
    mutating func data(from input: inout ByteBuffer) throws(RequestFault) -> ByteBuffer? {
        guard chunks != nil else { return takeCounted(from: &input) }
        let bytes = input
        var position = 0
        let step = try chunks?.next(bytes.readableBytesUInt8Span, at: &position)
        input.moveReaderIndex(forwardBy: position)
        switch step {
        case .data(let range): return bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
        case .ended: isComplete = true
        case .incomplete, nil: break
        }
        return nil
    }

    /// Takes what there is of the body out of `input`, framed for another reader: by the length as it came, or in chunks
    /// of our own, without extensions and trailers, about which readers differ.
    mutating func framed(from input: inout ByteBuffer) throws(RequestFault) -> ByteBuffer? {
        guard chunks != nil else { return takeCounted(from: &input) }
        var framed = ByteBuffer()
        while var part = try data(from: &input) {
            framed.writeString("\(String(part.readableBytes, radix: 16))\r\n")
            framed.writeBuffer(&part)
            framed.writeStaticString("\r\n")
        }
        if isComplete { framed.writeStaticString("0\r\n\r\n") }
        return framed.readableBytes > 0 ? framed : nil
    }

    private mutating func takeCounted(from input: inout ByteBuffer) -> ByteBuffer? {
        let count = min(remaining, input.readableBytes)
        guard count > 0 else { return nil }
        remaining -= count
        isComplete = remaining == 0
        return input.readSlice(length: count)
    }
}
