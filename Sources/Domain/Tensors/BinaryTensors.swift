// SPDX-License-Identifier: Apache-2.0

/// Reads tensors whose heads stand in JSON and whose elements follow as bytes, all of them: what workers send.
///
/// - Parameters:
///   - heads: `{"name", "datatype", "shape", "parameters": {"binary_data_size"}}` for each, in the order of their bytes.
///   - payload: Their bytes and nothing else.
///   - owner: Keeps `payload` alive; tensors of fixed-width elements borrow from it.
/// - Throws: ``CodecError`` that says which rule a head or its bytes break.
@unsafe package func decodeBinaryTensors(
    _ heads: [JSONValue], payload: UnsafeRawBufferPointer, owner: AnyObject, limits: CodecLimits = .standard
) throws(CodecError) -> [NamedTensor] {
    guard heads.count <= limits.maxTensors else {
        throw CodecError(.limit, "\(heads.count) tensors; at most \(limits.maxTensors)")
    }
    var rest = unsafe BinaryPayload(body: payload, position: 0, owner: owner, limits: limits)
    var tensors: [NamedTensor] = []
    tensors.reserveCapacity(heads.count)
    for head in heads {
        guard let name = head["name"]?.string else { throw CodecError(.missing, "a tensor has no name") }
        let tensor = try located(field: name) { () throws(CodecError) in try rest.take(head, limits: limits) }
        tensors.append(NamedTensor(name, tensor))
    }
    try rest.finish()
    return tensors
}

extension BinaryPayload {
    fileprivate mutating func take(_ head: JSONValue, limits: CodecLimits) throws(CodecError) -> Tensor {
        guard let datatype = head["datatype"]?.string.flatMap(Datatype.init(rawValue:)) else {
            throw CodecError(.type, "its datatype is not known")
        }
        guard let sizes = head["shape"]?.elements, sizes.count <= limits.maxRank else {
            throw CodecError(.shape, "its shape is no list of at most \(limits.maxRank) sizes")
        }
        let shape = sizes.compactMap { $0.integer.flatMap(Int.init(exactly:)) }.filter { $0 >= 0 }
        guard shape.count == sizes.count, let count = elementCount(of: shape), count <= limits.maxElements else {
            throw CodecError(.shape, "its shape is not countable")
        }
        guard let size = head["parameters"]?["binary_data_size"]?.integer.flatMap(Int.init(exactly:)), size >= 0 else {
            throw CodecError(.missing, "it has no binary_data_size")
        }
        return try take(datatype, shape: shape, byteCount: size)
    }
}

extension ByteWriter {
    /// Appends the heads of tensors that follow as bytes, without the list around them.
    package func append(binaryHeads tensors: [NamedTensor]) {
        for (index, tensor) in tensors.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(head: tensor)
            appendBinarySize(of: tensor.tensor)
        }
    }
}
