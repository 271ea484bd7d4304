// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// Tensors as records of the log have them:
///
/// ```
/// datatype (1), rank, dimensions…, [BYTES: length of each element…], byte count, bytes
/// ```
extension BytePen {
    /// At most so many bytes are written for a tensor.
    static func most(for tensor: Tensor) -> Int {
        21 + 10 * tensor.shape.count + (tensor.offsets.isEmpty ? 0 : 10 * tensor.offsets.count)
            + tensor.storage.byteCount
    }

    mutating func put(_ tensor: Tensor) {
        put(tensor.datatype.logCode)
        put(tensor.shape.count)
        for size in tensor.shape { put(size) }
        if tensor.datatype == .bytes {
            for index in 0..<max(0, tensor.offsets.count - 1) {
                put(tensor.offsets[index + 1] - tensor.offsets[index])
            }
            let range = (tensor.offsets.first ?? 0)..<(tensor.offsets.last ?? 0)
            put(range.count)
            unsafe tensor.storage.withUnsafeBytes { unsafe put(UnsafeRawBufferPointer(rebasing: $0[range])) }
        } else {
            put(tensor.storage.byteCount)
            unsafe tensor.storage.withUnsafeBytes { unsafe put($0) }
        }
    }
}

extension ByteScan {
    /// - Returns: `nil` for what is no tensor; then nothing behind it can be read either.
    mutating func tensor() -> Tensor? {
        guard let datatype = byte().flatMap(Datatype.init(logCode:)), let rank = number(), rank <= 64 else {
            return nil
        }
        var shape: Shape = []
        for _ in 0..<rank {
            guard let size = number() else { return nil }
            shape.append(size)
        }
        guard let count = elementCount(of: shape) else { return nil }
        guard let width = datatype.byteWidth else { return texts(count, shape) }
        guard let byteCount = number(), count <= Int.max / width, byteCount == count * width,
            let bytes = slice(byteCount)
        else { return nil }
        return Tensor(datatype, shape: shape, storage: storage(of: bytes))
    }

    private mutating func texts(_ count: Int, _ shape: Shape) -> Tensor? {
        var offsets = [0]
        for _ in 0..<count {
            guard let length = number(), let end = offsets.last, length <= Int.max - end else { return nil }
            offsets.append(end + length)
        }
        guard let byteCount = number(), byteCount == offsets.last, let bytes = slice(byteCount) else { return nil }
        return Tensor(bytes: storage(of: bytes), offsets: offsets, shape: shape)
    }

    private func storage(of bytes: ArraySlice<UInt8>) -> TensorStorage {
        let storage = TensorStorage(byteCount: bytes.count)
        unsafe storage.withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
        return storage
    }
}

extension Datatype {
    /// Never changed: files have them.
    private static let codes: [Datatype] = [
        .bool, .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .float16, .bfloat16, .float32,
        .float64,
        .bytes,
    ]

    var logCode: UInt8 {
        switch self {
        case .bool: 0
        case .uint8: 1
        case .uint16: 2
        case .uint32: 3
        case .uint64: 4
        case .int8: 5
        case .int16: 6
        case .int32: 7
        case .int64: 8
        case .float16: 9
        case .bfloat16: 10
        case .float32: 11
        case .float64: 12
        case .bytes: 13
        }
    }

    init?(logCode: UInt8) {
        guard Int(logCode) < Self.codes.count else { return nil }
        self = Self.codes[Int(logCode)]
    }
}
