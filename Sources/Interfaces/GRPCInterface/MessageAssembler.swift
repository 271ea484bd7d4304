// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// Puts the messages of a call together again: each has five bytes before it, whether it is compressed and how long it is.
struct MessageAssembler {
    static let prefixByteCount = 5
    /// The most that is set aside for a message because its prefix says so; more only for bytes that came.
    private static let largestReservation = 4 << 20

    struct Message {
        let isCompressed: Bool
        let bytes: ByteBuffer
    }

    private let limit: Int
    private var input = ByteBuffer()
    /// The message that is arriving.
    private var arriving: (isCompressed: Bool, length: Int)?

    /// - Parameter limit: The most bytes of a message.
    init(limit: Int) { self.limit = limit }

    /// Whether everything that came is part of a message that was given out.
    var isEmpty: Bool { arriving == nil && input.readableBytes == 0 }

    mutating func append(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            if arriving == nil {
                input = bytes
                return
            }
        }
        input.writeImmutableBuffer(bytes)
    }

    /// - Returns: `nil` until the next one is whole.
    mutating func next() throws(GRPCStatus) -> Message? {
        let begun = arriving
        guard let message = begun != nil ? begun : try begin() else { return nil }
        guard let bytes = input.readSlice(length: message.length) else {
            if arriving == nil { reserve(message.length) }
            arriving = message
            return nil
        }
        arriving = nil
        return Message(isCompressed: message.isCompressed, bytes: bytes)
    }

    private mutating func begin() throws(GRPCStatus) -> (isCompressed: Bool, length: Int)? {
        guard input.readableBytes >= Self.prefixByteCount, let flag = input.readInteger(as: UInt8.self),
            let length = input.readInteger(as: UInt32.self)
        else { return nil }
        guard flag <= 1 else { throw GRPCStatus(.internal, "A message begins with \(flag), which says nothing.") }
        guard length <= limit else {
            throw GRPCStatus(
                .resourceExhausted,
                "A message has \(length) bytes; at most \(limit) are taken. Send fewer rows at a time.")
        }
        return (flag == 1, Int(length))
    }

    /// Makes room for the rest of a message, so that its end lies where the processor likes it: raw tensors are at the
    /// end, and are used in place.
    private mutating func reserve(_ length: Int) {
        let gap = (16 - length & 15) & 15
        var room = ByteBufferAllocator().buffer(capacity: gap + min(length, Self.largestReservation))
        room.writeRepeatingByte(0, count: gap)
        room.moveReaderIndex(forwardBy: gap)
        room.writeImmutableBuffer(input)
        input = room
    }
}
