// SPDX-License-Identifier: Apache-2.0

/// Writes `inference.ModelInferResponse`, its tensors as `raw_output_contents`.
///
/// - Parameters:
///   - id: The request's id, if it had one.
///   - isFinal: Whether to say, in Triton's words, that no other answer to the request follows.
///   - writer: Appended to.
///   - writeID: Appends the prediction's id, 36 bytes of text, which goes under `parameters`.
package func encodeModelInfer(
    modelName: String, modelVersion: String, id: String?, outputs: [NamedTensor], isFinal: Bool = false,
    into writer: ByteWriter, writeID: (ByteWriter) -> Void
) {
    writer.append(1, modelName)
    writer.append(2, modelVersion)
    if let id { writer.append(3, id) }
    let name = "prediction_id"
    let idByteCount = 36
    let choice = fieldByteCount(idByteCount)
    writer.append(4, byteCount: fieldByteCount(name.utf8.count) + fieldByteCount(choice)) {
        writer.append(1, name)
        writer.append(2, byteCount: choice) { writer.append(3, byteCount: idByteCount) { writeID(writer) } }
    }
    if isFinal {
        let name = "triton_final_response"
        writer.append(4, byteCount: fieldByteCount(name.utf8.count) + fieldByteCount(2)) {
            writer.append(1, name)
            writer.append(2, byteCount: 2) { writer.append(1, true) }
        }
    }
    for output in outputs {
        let (name, type, shape) = (output.name, output.tensor.datatype.rawValue, output.tensor.shape)
        let sizes = shape.reduce(0) { $0 + varintByteCount(UInt64($1)) }
        let byteCount =
            (name.isEmpty ? 0 : fieldByteCount(name.utf8.count)) + fieldByteCount(type.utf8.count)
            + (shape.isEmpty ? 0 : fieldByteCount(sizes))
        writer.append(5, byteCount: byteCount) {
            writer.append(1, name)
            writer.append(2, type)
            writer.append(3, packed: shape)
        }
    }
    for output in outputs {
        writer.append(6, byteCount: output.tensor.binaryByteCount) { writer.append(binary: output.tensor) }
    }
}
