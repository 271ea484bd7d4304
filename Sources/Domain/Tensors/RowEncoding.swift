// SPDX-License-Identifier: Apache-2.0

/// How an answer in JSON carries BYTES, which need not be text.
package enum BytesNotation: Sendable {
    /// As texts; what is no text has none.
    case text
    /// As `{"b64": "…"}` where the output's name ends with `_bytes`, as TensorFlow Serving does; elsewhere as texts.
    case base64ByName

    func holds(for output: NamedTensor) -> Bool {
        self == .base64ByName && output.tensor.datatype == .bytes && output.name.hasSuffix("_bytes")
    }
}

/// Writes outputs as rows: `[{"label":1,"probabilities":[0.1,0.9]},…]`.
///
/// Each output is cut along its leading dimension, which must be the number of rows. What is left of its shape becomes
/// a plain value or arrays within arrays.
///
/// - Parameter writer: Appended to. After an error it holds part of a reply, to be thrown away.
/// - Throws: ``CodecError/Rule/shape`` for an output that cannot be cut into rows, ``CodecError/Rule/encoding`` for
///   BYTES that are not UTF-8.
package func encodeRows(
    outputs: [NamedTensor], rowCount: Int, bytes: BytesNotation = .text, into writer: ByteWriter
) throws(CodecError) {
    try checkRows(outputs, rowCount: rowCount)
    writer.append(UInt8(ascii: "["))
    for row in 0..<rowCount {
        writer.append(row == 0 ? "{" : ",{")
        for (index, output) in outputs.enumerated() {
            if index > 0 { writer.append(UInt8(ascii: ",")) }
            writer.append(jsonString: output.name)
            writer.append(UInt8(ascii: ":"))
            let shape = output.tensor.shape.dropFirst()
            try located(field: output.name, row: row) { () throws(CodecError) in
                try writer.append(
                    nested: output.tensor, from: row * shape.reduce(1, *), shape: shape,
                    inBase64: bytes.holds(for: output))
            }
        }
        writer.append(UInt8(ascii: "}"))
    }
    writer.append(UInt8(ascii: "]"))
}
