// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// The id in every answer, as an UUID of version 7 (RFC 9562): unique over replicas, restarts and event loops without
/// asking anybody, and it says when the request came, so that its row in the log is found by it.
///
/// What a caller gives in its place is any UUID.
package struct PredictionID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970 (48 bits), version (4), event loop (12).
    package let high: UInt64
    /// Variant (2 bits), 0 (2), replica (16), and a count that began at random (44).
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits, with or without the four dashes of an UUID.
    ///
    /// - Returns: `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32 || text.utf8.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var count = 0
        for (index, byte) in text.utf8.enumerated() {
            if text.utf8.count == 36, PredictionID.dashes.contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = hexadecimalValue(byte) else { return nil }
            if count < 16 { halves.0 = halves.0 << 4 | digit } else { halves.1 = halves.1 << 4 | digit }
            count += 1
        }
        self.init(high: halves.0, low: halves.1)
    }

    private static let dashes = [8, 13, 18, 23]

    /// When it was made, in milliseconds since 1970; `nil` for an UUID that does not say it.
    package var milliseconds: Int64? { high >> 12 & 15 == 7 ? Int64(high >> 16) : nil }

    /// As UUIDs are written, in lower case.
    package var description: String {
        let digits = digits
        return unsafe digits.span.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    package static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }

    fileprivate var digits: InlineArray<36, UInt8> {
        var place = 0
        return InlineArray { index in
            if index == 8 || index == 13 || index == 18 || index == 23 { return UInt8(ascii: "-") }
            defer { place += 1 }
            return hexadecimal((place < 16 ? high : low) >> UInt64(60 - 4 * (place & 15)))
        }
    }
}

/// The digit of the lowest four bits.
private func hexadecimal(_ value: UInt64) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value & 15)
    return digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
}

private func hexadecimalValue(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}

extension ByteWriter {
    /// Appends ``PredictionID/description``, without making a text of it.
    package func append(_ id: PredictionID) {
        let digits = id.digits
        append(digits.span)
    }
}

/// Makes ids for one event loop.
package struct PredictionIDSource: Sendable {
    private let loop: UInt64
    private let replica: UInt64
    private var count: UInt64
    private var latest: UInt64 = 0

    /// - Parameter salt: Where it begins to count, random: a server can be killed and started again within one
    ///   millisecond, and clocks go back.
    package init(replica: UInt16, loop: UInt16, salt: UInt64 = .random(in: 0..<1 << 44)) {
        self.loop = UInt64(loop & 0xFFF)
        self.replica = UInt64(replica)
        count = salt
    }

    /// - Parameter milliseconds: Of now since 1970. Where the clock has gone back, ids stay at the latest time.
    package mutating func next(at milliseconds: Int64) -> PredictionID {
        latest = max(latest, UInt64(clamping: milliseconds) & 0xFFFF_FFFF_FFFF)
        defer { count &+= 1 }
        return PredictionID(
            high: latest << 16 | 7 << 12 | loop, low: 2 << 62 | replica << 44 | (count & 0xFFF_FFFF_FFFF))
    }
}

extension PredictionID {
    /// Its 16 bytes, the highest first.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) } }
    }

    /// Whether it says that it was made within a minute of `microseconds` since 1970.
    package func isNear(_ microseconds: Int64) -> Bool {
        milliseconds.map { abs($0 - microseconds / 1000) < 60_000 } ?? false
    }
}
