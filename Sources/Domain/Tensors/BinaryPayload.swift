// SPDX-License-Identifier: Apache-2.0

/// The bytes behind the JSON of a request: tensors, one after another, in the order of the inputs.
@safe struct BinaryPayload {
    private let body: UnsafeRawBufferPointer
    private var position: Int
    private let owner: AnyObject?
    private let limits: CodecLimits

    @unsafe init(body: UnsafeRawBufferPointer, position: Int, owner: AnyObject?, limits: CodecLimits) {
        unsafe self.body = body
        self.position = position
        self.owner = owner
        self.limits = limits
    }

    private var bytesLeft: Int { unsafe body.count - position }

    /// Takes the next `byteCount` bytes as a tensor; its shape has been found countable.
    mutating func take(_ datatype: Datatype, shape: Shape, byteCount: Int) throws(CodecError) -> Tensor {
        guard byteCount <= bytesLeft else {
            throw CodecError(
                .shape, "binary_data_size is \(byteCount), only \(bytesLeft) bytes are left", offset: position)
        }
        let start = position
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: body[start..<(start + byteCount)])
        position += byteCount
        let count = elementCount(of: shape) ?? 0
        guard let width = datatype.byteWidth else { return try unsafe texts(bytes, count, shape, start) }
        guard byteCount == count * width else {
            throw CodecError(
                .shape,
                "it has \(byteCount) bytes, \(datatype.rawValue) of shape \(shape) takes \(count * width)",
                offset: start)
        }
        if datatype == .bool, let wrong = unsafe bytes.firstIndex(where: { $0 > 1 }) {
            throw CodecError(.range, "a BOOL is 0 or 1, found \(unsafe bytes[wrong])", offset: start + wrong)
        }
        if let owner {
            return unsafe Tensor(datatype, shape: shape, storage: TensorStorage(borrowing: bytes, owner: owner))
        }
        let storage = TensorStorage(byteCount: byteCount)
        unsafe storage.withUnsafeMutableBytes { target in unsafe target.copyMemory(from: bytes) }
        return Tensor(datatype, shape: shape, storage: storage)
    }

    /// Refuses bytes that belong to no tensor.
    func finish() throws(CodecError) {
        guard bytesLeft == 0 else {
            throw CodecError(.shape, "\(bytesLeft) bytes are left behind the last tensor", offset: position)
        }
    }

    /// BYTES: each element is its length in four bytes, little endian, and the bytes themselves.
    private func texts(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, _ shape: Shape, _ start: Int
    ) throws(CodecError) -> Tensor {
        // Four bytes for each at least: a shape that lies gets no memory.
        guard count <= bytes.count / 4 else {
            throw CodecError(.shape, "\(bytes.count) bytes are too few for \(count) elements", offset: start)
        }
        var elements = TextElements()
        var index = 0
        while elements.count < count {
            guard bytes.count - index >= 4 else {
                throw CodecError(
                    .shape, "BYTES end after \(elements.count) of \(count) elements", offset: start + index)
            }
            let length = Int(unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
            index += 4
            guard length <= bytes.count - index else {
                throw CodecError(
                    .shape, "a BYTES element of \(length) bytes reaches past its tensor", offset: start + index - 4)
            }
            guard length <= limits.maxStringBytes else {
                throw CodecError(
                    .limit, "a BYTES element is longer than \(limits.maxStringBytes) bytes", offset: start + index - 4)
            }
            unsafe elements.append(UnsafeRawBufferPointer(rebasing: bytes[index..<(index + length)]))
            index += length
        }
        guard index == bytes.count else {
            throw CodecError(
                .shape, "\(bytes.count - index) bytes are left behind \(count) BYTES elements", offset: start + index)
        }
        return elements.tensor(shape: shape)
    }
}
