// SPDX-License-Identifier: Apache-2.0
internal import Tensors

// Rows of tensors whose first dimension counts them.

extension Tensor {
    /// Some rows, byte for byte in storage of their own: what keeps them keeps nothing else alive.
    func gathered(_ rows: some Collection<Int>) -> Tensor {
        let inner = Array(shape.dropFirst())
        let size = inner.reduce(1, *)
        let shape = [rows.count] + inner
        guard let width = datatype.byteWidth else { return gatheredTexts(rows, size, shape) }
        let stride = size * width
        let target = TensorStorage(byteCount: rows.count * stride)
        unsafe target.withUnsafeMutableBytes { bytes in
            unsafe storage.withUnsafeBytes { source in
                for (place, row) in rows.enumerated() {
                    unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[place * stride..<(place + 1) * stride])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[row * stride..<(row + 1) * stride]))
                }
            }
        }
        return Tensor(datatype, shape: shape, storage: target)
    }

    private func gatheredTexts(_ rows: some Collection<Int>, _ size: Int, _ shape: Shape) -> Tensor {
        var bytes: [UInt8] = []
        var offsets = [0]
        for row in rows {
            for element in row * size..<(row + 1) * size {
                unsafe withBytes(at: element) { unsafe bytes.append(contentsOf: $0) }
                offsets.append(bytes.count)
            }
        }
        let target = TensorStorage(byteCount: bytes.count)
        unsafe target.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes) }
        return Tensor(bytes: target, offsets: offsets, shape: shape)
    }

    /// Rows one behind the other, where they lie.
    func part(_ rows: Range<Int>) -> Tensor {
        let inner = Array(shape.dropFirst())
        let size = inner.reduce(1, *)
        return slice(rows.lowerBound * size..<rows.upperBound * size, shape: [rows.count] + inner)
    }
}
