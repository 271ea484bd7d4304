// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Tensors

/// What a row says, in 16 bytes: the first of a SHA-256 over its cells, columns in the order of their names.
///
/// Rows that say the same have the same digest in every format: `1`, `1.0` and `1e0` are one number, `2026-03-01` and
/// `2026-03-01T00:00:00Z` one moment, and where a column stands does not matter. Other texts are compared byte by byte.
package struct RowDigest: Sendable, Hashable, Comparable {
    package static let byteCount = 16

    package let high: UInt64
    package let low: UInt64

    /// - Parameter bytes: At least 16.
    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// - Parameter bytes: At least 16.
    package init(_ bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        high = bytes[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[(start + 8)..<(start + 16)].reduce(0) { $0 << 8 | UInt64($1) }
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    package func append(to bytes: inout [UInt8]) {
        appendWord(high, to: &bytes)
        appendWord(low, to: &bytes)
    }

    package static func < (one: RowDigest, other: RowDigest) -> Bool { (one.high, one.low) < (other.high, other.low) }
}

/// The highest byte first.
private func appendWord(_ word: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
}

/// Computes the digests of the rows of one table.
package struct RowDigester {
    /// Positions of the columns that count, in the order of their names.
    private let order: [Int]

    /// - Parameters:
    ///   - columns: Of the table.
    ///   - names: The columns that count; all of them without it.
    package init(columns: [String], of names: Set<String>? = nil) {
        order = columns.indices.filter { names?.contains(columns[$0]) ?? true }
            .sorted { columns[$0].utf8.lexicographicallyPrecedes(columns[$1].utf8) }
    }

    package func digest(of row: [CellValue]) -> RowDigest {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(order.count * 10)
        for position in order { append(position < row.count ? row[position] : .missing, to: &bytes) }
        return RowDigest(Digest.bytes(of: bytes))
    }

    /// A tag, and what has a length of its own behind it: no two rows look alike.
    private func append(_ cell: CellValue, to bytes: inout [UInt8]) {
        switch cell {
        case .missing: bytes.append(0)
        case .boolean(let value): bytes.append(value ? 2 : 1)
        case .integer(let value):
            guard let exact = Double(exactly: value) else { return append(4, UInt64(bitPattern: value), to: &bytes) }
            append(.float(exact), to: &bytes)
        case .float(let value):
            // Adding zero turns −0 into 0. A NaN is what other formats have no value for.
            if value.isNaN { bytes.append(0) } else { append(3, (value + 0).bitPattern, to: &bytes) }
        case .text(let text):
            if let moment = moment(text) { return append(6, UInt64(bitPattern: moment.microseconds), to: &bytes) }
            append(5, UInt64(text.count), to: &bytes)
            bytes += text
        }
    }

    private func append(_ tag: UInt8, _ word: UInt64, to bytes: inout [UInt8]) {
        bytes.append(tag)
        appendWord(word, to: &bytes)
    }
}
