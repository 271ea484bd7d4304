// SPDX-License-Identifier: Apache-2.0

/// How often any value occurred, in 64 KiB: never too few, and too many by at most e/2048 of all in 98 of 100 cases.
///
/// - SeeAlso: G. Cormode and S. Muthukrishnan, “An improved data stream summary: the count-min sketch”, 2005.
package struct CountMinSketch: Sendable, Hashable {
    private let width: Int
    private let depth: Int
    private var cells: [Int]
    /// Values so far.
    package private(set) var count = 0

    /// - Parameters:
    ///   - width: Cells a row, rounded up to a power of two.
    ///   - depth: Rows, at least one, each with a hash function of its own.
    package init(width: Int = 2048, depth: Int = 4) {
        self.width = 1 << (Int.bitWidth - (min(1 << 30, max(1, width)) - 1).leadingZeroBitCount)
        self.depth = max(1, depth)
        cells = [Int](repeating: 0, count: self.width * self.depth)
    }

    package mutating func add(_ bytes: Span<UInt8>, times: Int = 1) {
        let hash = contentHash(bytes)
        for row in 0..<depth { cells[place(of: hash, in: row)] += times }
        count += times
    }

    /// At least as often as `bytes` was added.
    package func frequency(of bytes: Span<UInt8>) -> Int {
        let hash = contentHash(bytes)
        return (0..<depth).reduce(Int.max) { min($0, cells[place(of: hash, in: $1)]) }
    }

    /// Adds what `other` has seen.
    ///
    /// - Precondition: Both have the same width and depth.
    package mutating func merge(_ other: CountMinSketch) {
        precondition(width == other.width && depth == other.depth)
        for place in cells.indices { cells[place] += other.cells[place] }
        count += other.count
    }

    private func place(of hash: UInt64, in row: Int) -> Int {
        row * width + Int(remix(hash, seed: UInt64(row) + 1) & UInt64(width - 1))
    }
}
