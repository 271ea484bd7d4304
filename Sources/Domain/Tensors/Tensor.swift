// SPDX-License-Identifier: Apache-2.0

/// A typed, shaped run of elements: what engines take and give.
///
/// Fixed-width elements lie in row-major order, little endian, as the binary extension of the Open Inference Protocol
/// has them; BOOL is one byte, 0 or 1. BYTES elements lie end to end, and ``offsets`` says where each begins.
package struct Tensor: Sendable {
    package let datatype: Datatype
    package let shape: Shape
    package let storage: TensorStorage
    /// BYTES only, shape `[elementCount + 1]`: element i is `offsets[i]..<offsets[i + 1]` of the storage. Else empty.
    package let offsets: [Int]

    package var elementCount: Int {
        // Overflow was refused when the tensor was made.
        shape.reduce(1, *)
    }

    /// A tensor of fixed-width elements.
    ///
    /// - Precondition: `storage.byteCount` is exactly the shape's element count times the width.
    package init(_ datatype: Datatype, shape: Shape, storage: TensorStorage) {
        guard let width = datatype.byteWidth, let count = Tensors.elementCount(of: shape) else {
            preconditionFailure("a fixed-width tensor needs a fixed-width type and a countable shape")
        }
        precondition(storage.byteCount == count * width, "storage does not fit the shape")
        self.datatype = datatype
        self.shape = shape
        self.storage = storage
        offsets = []
    }

    /// A BYTES tensor over elements that lie end to end in `storage`.
    ///
    /// - Precondition: one more offset than elements, ascending, the last within the storage.
    package init(bytes storage: TensorStorage, offsets: [Int], shape: Shape) {
        precondition(offsets.count == (Tensors.elementCount(of: shape) ?? -1) + 1, "offsets do not fit the shape")
        precondition((offsets.last ?? 0) <= storage.byteCount, "offsets reach past the storage")
        datatype = .bytes
        self.shape = shape
        self.storage = storage
        self.offsets = offsets
    }

    /// The same elements in another shape.
    ///
    /// - Precondition: the element counts agree.
    package func reshaped(to shape: Shape) -> Tensor {
        datatype == .bytes
            ? Tensor(bytes: storage, offsets: offsets, shape: shape)
            : Tensor(datatype, shape: shape, storage: storage)
    }

    /// Calls `body` with the elements as `Element`s, in row-major order; copies first where they are not aligned.
    ///
    /// - Precondition: `Element` has the datatype's width. FP16 and BF16 are read as `UInt16` bit patterns.
    package func withElements<Element: BitwiseCopyable, Result, Failure: Error>(
        as _: Element.Type, _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(MemoryLayout<Element>.size == datatype.byteWidth, "element type does not fit \(datatype)")
        return try unsafe storage.withUnsafeBytes { (bytes) throws(Failure) -> Result in
            // An address is aligned when its remainder is zero; the buffer outlives the call.
            if Int(bitPattern: bytes.baseAddress) % MemoryLayout<Element>.alignment == 0 {
                return try unsafe body(bytes.bindMemory(to: Element.self).span)
            }
            let count = bytes.count / MemoryLayout<Element>.size
            let copied = (0..<count).map { index in
                unsafe bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
            }
            return try body(copied.span)
        }
    }

    /// Calls `body` with the bytes of BYTES element `index`.
    package func withBytes<Result, Failure: Error>(
        at index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = offsets[index]..<offsets[index + 1]
        return try unsafe storage.withUnsafeBytes { (bytes) throws(Failure) -> Result in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }
}

extension Tensor {
    /// A tensor of own storage that holds `elements`.
    ///
    /// - Precondition: `Element` has the datatype's width, and there are as many as the shape says.
    package init<Element: BitwiseCopyable>(_ datatype: Datatype, shape: Shape, elements: [Element]) {
        let storage = TensorStorage(byteCount: elements.count * MemoryLayout<Element>.stride)
        unsafe storage.withUnsafeMutableBytes { target in
            unsafe elements.withUnsafeBytes { source in unsafe target.copyMemory(from: source) }
        }
        self.init(datatype, shape: shape, storage: storage)
    }

    /// A BYTES tensor of UTF-8 texts.
    package init(strings: [String], shape: Shape) {
        var offsets = [0]
        var bytes: [UInt8] = []
        for text in strings {
            bytes.append(contentsOf: text.utf8)
            offsets.append(bytes.count)
        }
        let storage = TensorStorage(byteCount: bytes.count)
        unsafe storage.withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in unsafe target.copyMemory(from: source) }
        }
        self.init(bytes: storage, offsets: offsets, shape: shape)
    }

    /// The elements, copied out.
    package func elements<Element: BitwiseCopyable>(as type: Element.Type) -> [Element] {
        withElements(as: type) { span in span.indices.map { span[$0] } }
    }

    /// The texts of a BYTES tensor; broken UTF-8 is repaired with U+FFFD.
    package var strings: [String] {
        (0..<(offsets.count - 1)).map { index in
            unsafe withBytes(at: index) { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }
}
