// SPDX-License-Identifier: Apache-2.0

/// Writes an output as rows without a name: `[0.1,0.9]` for two rows of one value each.
///
/// - Throws: ``CodecError``, as ``encodeRows(outputs:rowCount:bytes:into:)`` does.
package func encodeRowValues(
    of output: NamedTensor, rowCount: Int, bytes: BytesNotation = .text, into writer: ByteWriter
) throws(CodecError) {
    try checkRows([output], rowCount: rowCount)
    let shape = output.tensor.shape.dropFirst()
    let stride = shape.reduce(1, *)
    writer.append(UInt8(ascii: "["))
    for row in 0..<rowCount {
        if row > 0 { writer.append(UInt8(ascii: ",")) }
        try located(field: output.name, row: row) { () throws(CodecError) in
            try writer.append(
                nested: output.tensor, from: row * stride, shape: shape, inBase64: bytes.holds(for: output))
        }
    }
    writer.append(UInt8(ascii: "]"))
}

/// Writes outputs one by one, as arrays within arrays: `{"label":[1,0],"score":[[0.1],[0.9]]}`, or the array alone for a
/// single output.
///
/// - Throws: ``CodecError/Rule/encoding`` for BYTES that are not UTF-8.
package func encodeColumns(
    outputs: [NamedTensor], bytes: BytesNotation = .text, into writer: ByteWriter
) throws(CodecError) {
    for output in outputs { try checkBrackets(output) }
    if outputs.count == 1, let output = outputs.first { return try writer.append(whole: output, bytes) }
    writer.append(UInt8(ascii: "{"))
    for (index, output) in outputs.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(jsonString: output.name)
        writer.append(UInt8(ascii: ":"))
        try writer.append(whole: output, bytes)
    }
    writer.append(UInt8(ascii: "}"))
}

/// Writes outputs as CSV with a header. One with several elements a row has a column `name[i]` for each, as rows that come
/// in as CSV do.
///
/// - Throws: ``CodecError/Rule/shape`` for an output that cannot be cut into rows, ``CodecError/Rule/encoding`` for BYTES
///   that are not UTF-8.
package func encodeCSV(outputs: [NamedTensor], rowCount: Int, into writer: ByteWriter) throws(CodecError) {
    try checkRows(outputs, rowCount: rowCount)
    var isFirst = true
    func separate() {
        if !isFirst { writer.append(UInt8(ascii: ",")) }
        isFirst = false
    }
    for output in outputs {
        let inner = output.tensor.shape.dropFirst()
        guard !inner.isEmpty else {
            separate()
            writer.append(csvText: [UInt8](output.name.utf8))
            continue
        }
        for element in 0..<inner.reduce(1, *) {
            separate()
            writer.append(csvText: [UInt8]("\(output.name)[\(element)]".utf8))
        }
    }
    writer.append("\n")
    for row in 0..<rowCount {
        isFirst = true
        for output in outputs {
            let count = output.tensor.shape.dropFirst().reduce(1, *)
            for element in 0..<count {
                separate()
                try located(field: output.name, row: row) { () throws(CodecError) in
                    try writer.append(csvElementOf: output.tensor, at: row * count + element)
                }
            }
        }
        writer.append("\n")
    }
}

/// Refuses outputs that cannot be cut into rows.
func checkRows(_ outputs: [NamedTensor], rowCount: Int) throws(CodecError) {
    for output in outputs where output.tensor.shape.first != rowCount {
        throw CodecError(
            .shape, "an output of shape \(output.tensor.shape) cannot be cut into \(rowCount) rows",
            field: output.name)
    }
    for output in outputs { try checkBrackets(output) }
}

/// Dimensions before a zero are written as brackets with nothing in them, which no storage bounds.
private func checkBrackets(_ output: NamedTensor) throws(CodecError) {
    guard output.tensor.elementCount == 0 else { return }
    let brackets = output.tensor.shape.prefix { $0 != 0 }.reduce(1, *)
    guard brackets <= CodecLimits.standard.maxElements else {
        throw CodecError(
            .limit, "an output of shape \(output.tensor.shape) has too many empty arrays", field: output.name)
    }
}

extension ByteWriter {
    fileprivate func append(whole output: NamedTensor, _ bytes: BytesNotation) throws(CodecError) {
        try located(field: output.name) { () throws(CodecError) in
            try append(
                nested: output.tensor, from: 0, shape: output.tensor.shape[...], inBase64: bytes.holds(for: output))
        }
    }

    /// Appends one element as a cell. NaN and the infinities are quoted words in JSON, which a cell may be as well.
    fileprivate func append(csvElementOf tensor: Tensor, at index: Int) throws(CodecError) {
        guard tensor.datatype == .bytes else { return try append(elementsOf: tensor, in: index..<(index + 1)) }
        let bytes = unsafe tensor.withBytes(at: index) { unsafe [UInt8]($0) }
        let isText = unsafe bytes.withUnsafeBytes { buffer in
            let view = unsafe ByteView(buffer)
            return view.firstInvalidUTF8(in: 0..<view.count) == nil
        }
        guard isText else { throw CodecError(.encoding, "the text is not UTF-8") }
        append(csvText: bytes)
    }

    /// Appends a text, in quotes where it could be taken for more than one cell.
    fileprivate func append(csvText bytes: [UInt8]) {
        let special: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        guard bytes.isEmpty || bytes.contains(where: special.contains) else { return append(bytes) }
        append(UInt8(ascii: "\""))
        for byte in bytes {
            if byte == UInt8(ascii: "\"") { append(UInt8(ascii: "\"")) }
            append(byte)
        }
        append(UInt8(ascii: "\""))
    }
}
