// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Records on their way from one event loop to the writer: bounded, without a lock, each as it was written.
///
/// A record has its length in front (four bytes) and begins at a multiple of eight. One that would not fit before the end
/// begins anew at the front; a length of ``skip`` says so.
///
/// `@unchecked Sendable`: one thread writes and one reads. What lies between `tail` and `head` is the reader's, the rest the
/// writer's, and each moves only its own end, after it is done.
@safe final class ByteRing: @unchecked Sendable {
    private static let skip = UInt32.max

    let capacity: Int
    private let base: UnsafeMutableRawPointer
    private let head = Atomic<Int>(0)
    private let tail = Atomic<Int>(0)
    /// The writer's own copy of `tail`, which is asked for anew only when there seems to be no room.
    private var knownTail = 0

    /// - Parameter capacity: In bytes; a power of two.
    init(capacity: Int) {
        precondition(capacity >= 64 && capacity & (capacity - 1) == 0, "a power of two")
        self.capacity = capacity
        unsafe base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// Appends what `body` writes into at most `most` bytes.
    ///
    /// - Parameter body: Returns how many bytes it wrote; only the first `most` of the buffer are its own.
    /// - Returns: `false`, without calling `body`, when there is no room.
    func append(atMost most: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Bool {
        let position = head.load(ordering: .relaxed)
        let needed = Self.space(most)
        let place = position & (capacity - 1)
        // It has to lie in one piece.
        let padding = place + needed > capacity ? capacity - place : 0
        guard hasRoom(for: needed + padding, at: position) else { return false }
        if padding > 0 { unsafe base.storeBytes(of: Self.skip, toByteOffset: place, as: UInt32.self) }
        let start = padding > 0 ? 0 : place
        let count = unsafe body(UnsafeMutableRawBufferPointer(start: base + start + 4, count: most))
        precondition(count <= most, "a record is longer than was said")
        unsafe base.storeBytes(of: UInt32(count), toByteOffset: start, as: UInt32.self)
        head.store(position + padding + Self.space(count), ordering: .releasing)
        return true
    }

    private func hasRoom(for count: Int, at position: Int) -> Bool {
        if position + count - knownTail <= capacity { return true }
        knownTail = tail.load(ordering: .acquiring)
        return position + count - knownTail <= capacity
    }

    private static func space(_ count: Int) -> Int { (count + 4 + 7) & ~7 }

    /// How much of it is taken, from 0 to 1. For the writer.
    var fill: Double {
        Double(head.load(ordering: .relaxed) - tail.load(ordering: .relaxed)) / Double(capacity)
    }

    var isEmpty: Bool { head.load(ordering: .acquiring) == tail.load(ordering: .acquiring) }

    /// Takes out what is there, record by record.
    ///
    /// - Returns: How many there were.
    func drain(_ body: (UnsafeRawBufferPointer) -> Void) -> Int {
        let end = head.load(ordering: .acquiring)
        var position = tail.load(ordering: .relaxed)
        var records = 0
        while position < end {
            let place = position & (capacity - 1)
            let count = unsafe base.load(fromByteOffset: place, as: UInt32.self)
            guard count != Self.skip else {
                position += capacity - place
                continue
            }
            unsafe body(UnsafeRawBufferPointer(start: base + place + 4, count: Int(count)))
            records += 1
            position += Self.space(Int(count))
            tail.store(position, ordering: .releasing)
        }
        tail.store(position, ordering: .releasing)
        return records
    }
}
