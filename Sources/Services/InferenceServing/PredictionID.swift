// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// The id in every answer: unique over replicas, restarts and event loops, without asking anybody.
package struct PredictionID: Sendable, Hashable, CustomStringConvertible {
    /// Replica (16 bits), event loop (16 bits), start of the process in seconds since 1970 (32 bits).
    let source: UInt64
    /// The source's salt (32 bits), and its predictions counted from 0 (32 bits).
    let sequence: UInt64

    /// 32 lower-case hexadecimal digits, ascending in the order in which an event loop made them.
    package var description: String {
        let digits = digits
        return unsafe digits.span.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    fileprivate var digits: InlineArray<32, UInt8> {
        InlineArray { index in hexadecimal((index < 16 ? source : sequence) >> UInt64(60 - 4 * (index & 15))) }
    }
}

/// The digit of the lowest four bits.
private func hexadecimal(_ value: UInt64) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value & 15)
    return digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
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
    private let source: UInt64
    private var count: UInt64

    /// - Parameter salt: Random: a server can be killed and started again within one second, and clocks go back.
    package init(
        replica: UInt16, loop: UInt16, startedAtSeconds: UInt32, salt: UInt32 = .random(in: 0...UInt32.max)
    ) {
        count = UInt64(salt) << 32
        source = UInt64(replica) << 48 | UInt64(loop) << 32 | UInt64(startedAtSeconds)
    }

    package mutating func next() -> PredictionID {
        defer { count &+= 1 }
        return PredictionID(source: source, sequence: count)
    }
}
