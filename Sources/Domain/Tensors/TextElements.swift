// SPDX-License-Identifier: Apache-2.0

/// BYTES elements while they are gathered, end to end.
struct TextElements {
    private let writer = ByteWriter(capacity: 256)
    private(set) var offsets = [0]

    var count: Int { offsets.count - 1 }

    @unsafe mutating func append(_ bytes: UnsafeRawBufferPointer) {
        unsafe writer.append(bytes)
        offsets.append(writer.count)
    }

    /// The elements gathered, as a tensor.
    ///
    /// - Precondition: there are as many as `shape` says.
    func tensor(shape: Shape) -> Tensor {
        let storage = TensorStorage(byteCount: writer.count)
        unsafe storage.withUnsafeMutableBytes { target in
            unsafe writer.withUnsafeBytes { source in unsafe target.copyMemory(from: source) }
        }
        return Tensor(bytes: storage, offsets: offsets, shape: shape)
    }
}
