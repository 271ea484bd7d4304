// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import ModelExecution
internal import Tensors

/// One end of a connection, closed when nobody holds it any more.
final class SocketEnd: Sendable {
    let descriptor: Int32

    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Ends the connection; whoever waits for something on it returns.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// The conversation over our end of the connection with a worker: whole frames out and in, each with the time it may take.
///
/// One thread at a time uses it.
@safe final class WorkerChannel {
    private let connection: SocketEnd
    /// Most answers fit: then one read takes the whole frame.
    private let scratch: UnsafeMutableRawBufferPointer
    private var scratchFilled = 0

    init(_ connection: SocketEnd) {
        self.connection = connection
        unsafe scratch = .allocate(byteCount: 1 << 16, alignment: 16)
    }

    deinit { unsafe scratch.deallocate() }

    /// Whether the other end is there, and nothing of it waits to be read.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
        return unsafe scratchFilled == 0 && recv(connection.descriptor, &byte, 1, flags) < 0 && errno == EAGAIN
    }

    /// - Throws: ``WorkerFault/ended(_:)``, ``WorkerFault/late``.
    func send(_ frame: ByteWriter, until deadline: Moment) throws(WorkerFault) {
        try unsafe frame.withUnsafeBytes { bytes throws(WorkerFault) in
            var sent = 0
            while sent < bytes.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...])
                let count = unsafe Glibc.send(
                    connection.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                if count > 0 {
                    sent += count
                } else if errno == EAGAIN {
                    try wait(for: Int16(POLLOUT), until: deadline)
                } else if errno != EINTR {
                    throw .ended("the connection was closed")
                }
            }
        }
    }

    /// Waits for the next frame.
    ///
    /// - Throws: ``WorkerFault/ended(_:)``, ``WorkerFault/late``, ``WorkerFault/broken(_:)``.
    func receive(until deadline: Moment) throws(WorkerFault) -> WorkerFrame {
        while scratchFilled < 4 { try fillScratch(until: deadline) }
        let length = Int(unsafe UInt32(littleEndian: scratch.loadUnaligned(as: UInt32.self)))
        guard length <= WorkerFrame.byteLimit else { throw .broken("a frame of \(length) bytes was announced") }
        let content = TensorStorage(byteCount: length)
        let there = min(length, scratchFilled - 4)
        try unsafe content.withUnsafeMutableBytes { target throws(WorkerFault) in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: scratch[4..<(4 + there)]))
            var filled = there
            while filled < length {
                filled += try unsafe read(
                    into: UnsafeMutableRawBufferPointer(rebasing: target[filled...]), until: deadline)
            }
        }
        // What is left belongs to the next frame.
        let left = scratchFilled - 4 - there
        unsafe scratch.copyBytes(from: scratch[(4 + there)..<(4 + there + left)].map { $0 })
        scratchFilled = left
        return try WorkerFrame(content)
    }

    private func fillScratch(until deadline: Moment) throws(WorkerFault) {
        scratchFilled += try unsafe read(
            into: UnsafeMutableRawBufferPointer(rebasing: scratch[scratchFilled...]), until: deadline)
    }

    private func read(into target: UnsafeMutableRawBufferPointer, until deadline: Moment) throws(WorkerFault) -> Int {
        while true {
            try wait(for: Int16(POLLIN), until: deadline)
            let count = unsafe recv(connection.descriptor, target.baseAddress, target.count, Int32(MSG_DONTWAIT))
            if count > 0 { return count }
            if count == 0 { throw .ended("the connection was closed") }
            guard errno == EAGAIN || errno == EINTR else { throw .ended("the connection was closed") }
        }
    }

    private func wait(for events: Int16, until deadline: Moment) throws(WorkerFault) {
        var entry = pollfd(fd: connection.descriptor, events: events, revents: 0)
        while true {
            let left = deadline == .never ? Int.max : deadline.since(.now)
            guard left > 0 else { throw .late }
            // Rounded up: a wait that ends too early would be one more turn.
            let milliseconds = Int32(clamping: left / 1_000_000 + 1)
            let ready = unsafe poll(&entry, 1, deadline == .never ? -1 : milliseconds)
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw .ended("the connection failed") }
        }
    }
}
