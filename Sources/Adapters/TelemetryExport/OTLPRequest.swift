// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// What requests for traces, metrics and logs have around what they tell: the resource and the scope that it is of, in Protocol
/// Buffers.
struct OTLPRequest {
    let resource: [(name: String, value: String)]
    let version: String

    /// - Parameters:
    ///   - records: Spans, metrics or lines.
    ///   - write: Writes one of them.
    func bytes<Record>(_ records: [Record], _ write: (Record, ByteWriter) -> Void) -> [UInt8] {
        let writer = ByteWriter(capacity: 1 << 13)
        writer.append(message: 1) { writer in
            writer.append(message: 1) { writer in
                for (name, value) in resource { writer.append(label: name, value, in: 1) }
            }
            writer.append(message: 2) { writer in
                writer.append(message: 1) { writer in
                    writer.append(1, "slipway")
                    writer.append(2, version)
                }
                for record in records { writer.append(message: 2) { write(record, $0) } }
            }
        }
        return writer.bytes
    }
}

extension OTLPSettings {
    func frame(version: String) -> OTLPRequest { OTLPRequest(resource: resource(version: version), version: version) }
}

extension ByteWriter {
    /// `KeyValue` with a text.
    func append(label name: String, _ value: String, in field: Int) {
        append(message: field) { writer in
            writer.append(1, name)
            writer.append(message: 2) { $0.append(element: 1, value) }
        }
    }

    /// Eight bytes, little endian: `fixed64`, `sfixed64` or `double`.
    func append(_ field: Int, fixed value: UInt64) {
        append(varint: UInt64(field) << 3 | 1)
        append(fixed: value)
    }

    func append(fixed value: UInt64) {
        for shift in stride(from: 0 as UInt64, to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// Bytes: the ids of traces and spans.
    func append(_ field: Int, bigEndian words: [UInt64]) {
        append(field, byteCount: 8 * words.count) {
            for word in words {
                for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
                    append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
        }
    }
}
