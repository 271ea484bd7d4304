// SPDX-License-Identifier: Apache-2.0

/// Writes outputs as rows: `[{"label":1,"probabilities":[0.1,0.9]},…]`.
///
/// Each output is cut along its leading dimension, which must be the number of rows. What is left of its shape becomes
/// a plain value or arrays within arrays.
///
/// - Parameter writer: Appended to. After an error it holds part of a reply, to be thrown away.
/// - Throws: ``CodecError/Rule/shape`` for an output that cannot be cut into rows, ``CodecError/Rule/encoding`` for
///   BYTES that are not UTF-8.
package func encodeRows(
    outputs: [NamedTensor], rowCount: Int, into writer: ByteWriter
) throws(CodecError) {
    for output in outputs where output.tensor.shape.first != rowCount {
        throw CodecError(
            .shape, "an output of shape \(output.tensor.shape) cannot be cut into \(rowCount) rows",
            field: output.name)
    }
    for output in outputs where output.tensor.elementCount == 0 {
        // Dimensions before a zero are written as brackets with nothing in them, which no storage bounds.
        let brackets = output.tensor.shape.prefix { $0 != 0 }.reduce(1, *)
        guard brackets <= CodecLimits.standard.maxElements else {
            throw CodecError(
                .limit, "an output of shape \(output.tensor.shape) has too many empty arrays", field: output.name)
        }
    }
    writer.append(UInt8(ascii: "["))
    for row in 0..<rowCount {
        writer.append(row == 0 ? "{" : ",{")
        for (index, output) in outputs.enumerated() {
            if index > 0 { writer.append(UInt8(ascii: ",")) }
            writer.append(jsonString: output.name)
            writer.append(UInt8(ascii: ":"))
            let shape = output.tensor.shape.dropFirst()
            try located(field: output.name, row: row) { () throws(CodecError) in
                try writer.append(nested: output.tensor, from: row * shape.reduce(1, *), shape: shape)
            }
        }
        writer.append(UInt8(ascii: "}"))
    }
    writer.append(UInt8(ascii: "]"))
}
