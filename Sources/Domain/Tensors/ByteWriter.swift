// SPDX-License-Identifier: Apache-2.0

/// A growable run of bytes to write replies into, meant to be kept and used again.
///
/// Not `Sendable`: it belongs to one event loop or one call at a time. ``removeAll(keepingCapacity:)`` empties it and
/// keeps its memory, so that a steady stream of replies allocates nothing.
@safe package final class ByteWriter {
    /// Private, and ``count`` computed, so that the compiler sees every access and leaves out its checks at run time.
    private var filled = 0
    private var capacity: Int
    private var base: UnsafeMutablePointer<UInt8>

    package var count: Int { filled }

    package init(capacity: Int = 1024) {
        self.capacity = max(capacity, 64)
        unsafe base = .allocate(capacity: self.capacity)
    }

    deinit { unsafe base.deallocate() }

    /// Forgets the bytes; with `keepingCapacity: false` also gives memory beyond 1 KiB back.
    package func removeAll(keepingCapacity: Bool = true) {
        filled = 0
        guard !keepingCapacity, capacity > 1024 else { return }
        unsafe base.deallocate()
        capacity = 1024
        unsafe base = .allocate(capacity: capacity)
    }

    package func append(_ byte: UInt8) {
        if filled == capacity { grow(by: 1) }
        unsafe base[filled] = byte
        filled += 1
    }

    package func append(_ text: StaticString) {
        unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends the UTF-8 bytes of `text` as they are, without quotes or escapes.
    package func append(utf8 text: String) {
        var text = text
        text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    package func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    package func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    @unsafe package func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        unsafe withReserved(bytes.count) { target in
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
            return bytes.count
        }
    }

    /// Writes `number` over four bytes that are there already, the highest first.
    package func overwrite(at index: Int, bigEndian number: UInt32) {
        precondition(index >= 0 && index + 4 <= filled, "nothing is there yet")
        for byte in 0..<4 { unsafe base[index + byte] = UInt8(truncatingIfNeeded: number >> (24 - 8 * byte)) }
    }

    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: filled))
    }

    /// The bytes, copied out.
    package var bytes: [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Makes room for `byteCount` bytes and lets `body` fill them; it returns how many it wrote.
    @inline(__always)
    func withReserved(_ byteCount: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        if capacity - filled < byteCount { grow(by: byteCount) }
        let written = unsafe body(base + filled)
        assert(written <= byteCount, "wrote past the reservation")
        filled += written
    }

    @inline(never)
    private func grow(by byteCount: Int) {
        let (needed, overflow) = filled.addingReportingOverflow(byteCount)
        precondition(!overflow, "more bytes than an address space holds")
        let newCapacity = max(needed, capacity * 2)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
        unsafe grown.update(from: base, count: filled)
        unsafe base.deallocate()
        unsafe base = grown
        capacity = newCapacity
    }
}
