// SPDX-License-Identifier: Apache-2.0

extension Tensor {
    /// The elements of `range` in row-major order, as a tensor of their own that borrows these bytes.
    ///
    /// - Precondition: `range` lies inside the tensor, and `shape` has as many elements.
    package func slice(_ range: Range<Int>, shape: Shape) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= elementCount, "slice outside the tensor")
        guard let width = datatype.byteWidth else {
            return Tensor(bytes: storage, offsets: Array(offsets[range.lowerBound...range.upperBound]), shape: shape)
        }
        let part = unsafe storage.withUnsafeBytes { bytes in
            // The slice keeps the whole storage alive.
            unsafe TensorStorage(
                borrowing: UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * width..<range.upperBound * width]),
                owner: storage)
        }
        return Tensor(datatype, shape: shape, storage: part)
    }

    /// Tensors of one type and one inner shape, put behind one another along the first dimension.
    ///
    /// - Returns: `nil` when types, ranks or inner dimensions differ, the sizes cannot be multiplied, or there is nothing to join.
    package static func joined(_ parts: [Tensor]) -> Tensor? {
        guard let first = parts.first, !first.shape.isEmpty,
            parts.allSatisfy({ $0.datatype == first.datatype && $0.shape.dropFirst() == first.shape.dropFirst() })
        else { return nil }
        let shape = [parts.reduce(0) { $0 + $1.shape[0] }] + first.shape.dropFirst()
        guard Tensors.elementCount(of: shape) != nil else { return nil }
        let starts = parts.map { $0.offsets.first ?? 0 }
        let sizes = zip(parts, starts).map { part, start in
            part.datatype == .bytes ? (part.offsets.last ?? 0) - start : part.storage.byteCount
        }
        let storage = TensorStorage(byteCount: sizes.reduce(0, +))
        var offsets = [0]
        var filled = 0
        for (part, (start, size)) in zip(parts, zip(starts, sizes)) {
            unsafe part.storage.withUnsafeBytes { source in
                unsafe storage.withUnsafeMutableBytes { target in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[filled..<filled + size])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + size]))
                }
            }
            offsets.append(contentsOf: part.offsets.dropFirst().map { $0 - start + filled })
            filled += size
        }
        return first.datatype == .bytes
            ? Tensor(bytes: storage, offsets: offsets, shape: shape)
            : Tensor(first.datatype, shape: shape, storage: storage)
    }
}

extension RowLayout {
    /// The values of one row, by field: what the row decoder made `inputs` from.
    ///
    /// - Parameter inputs: Tensors of the layout's inputs, each with a single row.
    /// - Returns: One tensor for each field, of shape `[1] + field shape`.
    package func fieldTensors(of inputs: [Tensor]) -> [NamedTensor] {
        fields.map { field in
            let tensor = inputs[field.input]
            // Only a field that fills its input can have dimensions that the row decides.
            let shape =
                field.shape.compactMap(\.size).count == field.shape.count
                ? field.shape.compactMap(\.size) : Array(tensor.shape.dropFirst())
            let count = shape.reduce(1, *)
            return NamedTensor(field.name, tensor.slice(field.offset..<field.offset + count, shape: [1] + shape))
        }
    }
}
