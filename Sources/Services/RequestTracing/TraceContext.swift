// SPDX-License-Identifier: Apache-2.0

/// Tells one request through several programs from every other one.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits in lower case.
    package var description: String { hexadecimal(high) + hexadecimal(low) }
}

/// Tells one span of a trace from the others.
package struct SpanID: Sendable, Hashable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    /// 16 hexadecimal digits in lower case.
    package var description: String { hexadecimal(value) }
}

/// What a caller says of the trace that its request belongs to, as W3C's Trace Context has it.
package struct TraceContext: Sendable, Hashable {
    /// What is passed on of `tracestate`, in bytes.
    private static let longestState = 512

    package let trace: TraceID
    /// The caller's span.
    package let parent: SpanID
    /// Whether the caller records it.
    package let isSampled: Bool
    /// What tracing systems say to one another, as it came.
    package let state: String?

    /// - Parameters:
    ///   - text: The header `traceparent`: `00-<trace>-<span>-<flags>`. Later versions may say more behind that.
    ///   - state: The header `tracestate`.
    /// - Returns: `nil` for what is none: then the trace begins here.
    package init?(traceparent text: String, tracestate state: String?) {
        let bytes = Array(text.utf8.prefix(512))
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = number(bytes[0..<2]), version != 0xFF,
            bytes.count == 55 || (version > 0 && bytes[55] == dash),
            let high = number(bytes[3..<19]), let low = number(bytes[19..<35]), high | low != 0,
            let span = number(bytes[36..<52]), span != 0, let flags = number(bytes[53..<55])
        else { return nil }
        trace = TraceID(high: high, low: low)
        parent = SpanID(span)
        isSampled = flags & 1 == 1
        self.state = state.flatMap { $0.isEmpty || $0.utf8.count > Self.longestState ? nil : $0 }
    }
}

/// - Returns: `nil` for what is not all hexadecimal digits in lower case.
private func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for digit in digits {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
        default: return nil
        }
    }
    return value
}

private func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}
