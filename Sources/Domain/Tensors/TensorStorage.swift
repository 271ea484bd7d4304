// SPDX-License-Identifier: Apache-2.0

/// A run of bytes that a tensor's elements live in: its own, or borrowed from whoever decoded or computed them.
///
/// Borrowed bytes are kept alive by `owner` (a network buffer, an engine's value), so a payload is used in place.
/// Own bytes are aligned for every element; borrowed ones to whatever the lender had: read them with unaligned loads, or through
/// ``Tensor/withElements(as:_:)``, which checks.
///
/// `@unchecked Sendable`: bytes are written by whoever creates the storage, before anybody else can see it, and only
/// read afterwards.
@safe package final class TensorStorage: @unchecked Sendable {
    private var size: Int
    private let base: UnsafeMutableRawPointer
    private let owner: AnyObject?

    package var byteCount: Int { size }

    /// Storage of its own, uninitialised: fill it with ``withUnsafeMutableBytes(_:)`` before sharing it.
    package init(byteCount: Int) {
        size = byteCount
        // Enough for every element. Larger ones are not served from the allocator's lists of free blocks.
        unsafe base = .allocate(byteCount: max(byteCount, 1), alignment: 16)
        owner = nil
    }

    /// Storage that borrows `bytes` for as long as `owner` lives.
    @unsafe package init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        size = bytes.count
        // Never written through: `withUnsafeMutableBytes` refuses borrowed storage. An empty buffer has no address.
        unsafe base = .init(mutating: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped)
        self.owner = owner
    }

    deinit {
        if owner == nil { unsafe base.deallocate() }
    }

    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: size))
    }

    /// For the creator, before the storage is shared. Borrowed storage is never written.
    package func withUnsafeMutableBytes<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(owner == nil, "borrowed tensor storage is read-only")
        return try unsafe body(UnsafeMutableRawBufferPointer(start: base, count: size))
    }

    /// The storage's memory, for a creator who fills it piece by piece. Borrowed storage is never written.
    @unsafe var mutableBase: UnsafeMutableRawPointer {
        precondition(owner == nil, "borrowed tensor storage is read-only")
        return unsafe base
    }

    /// Gives up bytes at the end. For the creator, before the storage is shared.
    func shrink(to byteCount: Int) {
        precondition((0...size).contains(byteCount), "storage cannot grow")
        size = byteCount
    }
}
