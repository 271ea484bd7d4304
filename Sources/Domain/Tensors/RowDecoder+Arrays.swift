// SPDX-License-Identifier: Apache-2.0

/// The decoder for bytes that lie in an array.
extension RowDecoder {
    package func decode(json body: [UInt8]) throws(CodecError) -> DecodedRows {
        try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            try unsafe decode(json: UnsafeRawBufferPointer(bytes))
        }
    }

    package func decode(csv body: [UInt8]) throws(CodecError) -> DecodedRows {
        try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            try unsafe decode(csv: UnsafeRawBufferPointer(bytes))
        }
    }
}

/// ``csvColumns(of:sampleRows:limits:)`` for bytes that lie in an array.
package func csvColumns(
    of body: [UInt8], sampleRows: Int, limits: CodecLimits = .standard
) throws(CodecError) -> [(name: String, kind: CSVColumnKind)] {
    try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
        try unsafe csvColumns(of: UnsafeRawBufferPointer(bytes), sampleRows: sampleRows, limits: limits)
    }
}
