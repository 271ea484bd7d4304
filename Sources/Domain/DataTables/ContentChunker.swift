// SPDX-License-Identifier: Apache-2.0
internal import Statistics

/// Cuts bytes where their content says so, so that two files have the same pieces wherever they have the same bytes: an
/// insertion moves the cuts behind it along, and changes only the pieces around it.
///
/// A rolling hash over the last 64 bytes decides (gear hashing with two masks, so that pieces are rarely much smaller or
/// larger than usual: Xia et al., FastCDC, 2016). The table is fixed: the same bytes are cut alike everywhere, for ever.
package struct ContentChunker {
    package static let smallest = 16 << 10
    package static let usual = 64 << 10
    package static let largest = 256 << 10

    /// More bits have to be zero before the usual size is reached than behind it.
    private static let strictMask = mask(bits: 18)
    private static let easyMask = mask(bits: 14)

    private var hash: UInt64 = 0
    private var pending: [UInt8] = []

    package init() {}

    /// Hands on what is whole; a piece ends where ``finish()`` is called, or where the content says so.
    package mutating func take(_ bytes: [UInt8], _ chunk: ([UInt8]) throws -> Void) rethrows {
        var start = 0
        while start < bytes.count {
            guard let end = cut(bytes, from: start) else { break }
            try chunk(pending + bytes[start..<end])
            pending = []
            hash = 0
            start = end
        }
        pending += bytes[start...]
    }

    /// What is left; `nil` for nothing.
    package mutating func finish() -> [UInt8]? {
        defer { pending = [] }
        return pending.isEmpty ? nil : pending
    }

    /// Behind which byte of `bytes` the piece ends that goes on at `start`; `nil` where it goes on beyond them.
    private mutating func cut(_ bytes: [UInt8], from start: Int) -> Int? {
        var hash = hash
        let gear = Self.gear
        // Bytes of the piece that were taken before: where it began, counted from the start of `bytes`.
        let origin = start - pending.count
        let passed = min(max(start, origin + Self.smallest - 64), bytes.count)
        let strictEnd = min(origin + Self.usual, bytes.count)
        let easyEnd = min(origin + Self.largest, bytes.count)
        var index = passed
        while index < strictEnd {
            hash = hash << 1 &+ gear[Int(bytes[index])]
            index += 1
            if hash & Self.strictMask == 0, index - origin >= Self.smallest { return index }
        }
        while index < easyEnd {
            hash = hash << 1 &+ gear[Int(bytes[index])]
            index += 1
            if hash & Self.easyMask == 0 { return index }
        }
        self.hash = hash
        return index - origin >= Self.largest ? index : nil
    }

    /// The highest bits: they depend on the most bytes.
    private static func mask(bits: Int) -> UInt64 { ~(UInt64.max >> UInt64(bits)) }

    /// 256 words of SplitMix64, from the seed 0.
    private static let gear: [UInt64] = {
        var numbers = SplitMix(seed: 0)
        return (0..<256).map { _ in numbers.next() }
    }()
}
