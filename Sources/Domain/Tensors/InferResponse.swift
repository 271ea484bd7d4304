// SPDX-License-Identifier: Apache-2.0

/// Writes the reply to an `infer` call: JSON, and behind it the outputs that go as bytes, in order.
///
/// - Parameters:
///   - id: The request's id, if it had one.
///   - binary: For each output, whether its elements follow the JSON as bytes; else they are flat JSON data. Empty for
///     none.
///   - writer: Appended to. After an error it holds part of a reply, to be thrown away.
///   - writeParameters: Writes the members of `parameters`, which are left out without it.
/// - Returns: The byte count of the JSON, for `Inference-Header-Content-Length`; `nil` when no output is binary.
/// - Throws: ``CodecError/Rule/encoding`` for BYTES that are not UTF-8 and not asked for as bytes.
/// - Precondition: `binary` is empty, or has one entry for each output.
@discardableResult
package func encodeInferResponse(
    modelName: String, modelVersion: String, id: String?, outputs: [NamedTensor], binary: [Bool] = [],
    into writer: ByteWriter, writeParameters: ((ByteWriter) -> Void)? = nil
) throws(CodecError) -> Int? {
    precondition(binary.isEmpty || binary.count == outputs.count, "one entry for each output")
    let start = writer.count
    writer.append("{\"model_name\":")
    writer.append(jsonString: modelName)
    writer.append(",\"model_version\":")
    writer.append(jsonString: modelVersion)
    if let id {
        writer.append(",\"id\":")
        writer.append(jsonString: id)
    }
    if let writeParameters {
        writer.append(",\"parameters\":{")
        writeParameters(writer)
        writer.append("}")
    }
    writer.append(",\"outputs\":[")
    for (index, output) in outputs.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        try located(field: output.name) { () throws(CodecError) in
            try writer.append(output: output, isBinary: !binary.isEmpty && binary[index])
        }
    }
    writer.append("]}")
    guard binary.contains(true) else { return nil }
    let jsonByteCount = writer.count - start
    for (output, isBinary) in zip(outputs, binary) where isBinary { writer.append(binary: output.tensor) }
    return jsonByteCount
}

extension Tensor {
    /// What the tensor takes as binary data.
    package var binaryByteCount: Int {
        guard datatype == .bytes else { return storage.byteCount }
        return (offsets.last ?? 0) - (offsets.first ?? 0) + 4 * elementCount
    }
}

extension ByteWriter {
    /// Name, datatype and shape; the object stays open.
    func append(head output: NamedTensor) {
        append("{\"name\":")
        append(jsonString: output.name)
        append(",\"datatype\":\"")
        append(utf8: output.tensor.datatype.rawValue)
        append("\",\"shape\":[")
        for (index, size) in output.tensor.shape.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(number: size)
        }
        append(UInt8(ascii: "]"))
    }

    /// How many of the bytes behind the JSON are the tensor's; closes the object.
    func appendBinarySize(of tensor: Tensor) {
        append(",\"parameters\":{\"binary_data_size\":")
        append(number: tensor.binaryByteCount)
        append("}}")
    }

    fileprivate func append(output: NamedTensor, isBinary: Bool) throws(CodecError) {
        append(head: output)
        guard !isBinary else { return appendBinarySize(of: output.tensor) }
        append(",\"data\":[")
        try append(elementsOf: output.tensor, in: 0..<output.tensor.elementCount)
        append("]}")
    }

    /// Appends a tensor as the binary extension has it.
    package func append(binary tensor: Tensor) {
        guard tensor.datatype == .bytes else {
            return unsafe tensor.storage.withUnsafeBytes { unsafe append($0) }
        }
        for index in 0..<tensor.elementCount {
            unsafe tensor.withBytes(at: index) { bytes in
                let length = UInt32(bytes.count)
                for shift in stride(from: UInt32(0), to: 32, by: 8) {
                    append(UInt8(truncatingIfNeeded: length >> shift))
                }
                unsafe append(bytes)
            }
        }
    }
}
