// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Tensors

/// The inputs of a call as a key: equal when types, shapes and every byte are.
///
/// In the order of the signature, which gives them their names. What of the answer the caller wants, and in which form,
/// is not part of it. Compared byte by byte, so that no other inputs pass for these; hashed with a seed of the process, so
/// that nobody can choose inputs whose hashes collide. 0 and −0, and NaNs of different bits, are different inputs.
struct CacheKey: Hashable {
    private let inputs: [Tensor]
    private let hash: Int

    init(_ inputs: [Tensor]) {
        var hasher = Hasher()
        for input in inputs {
            hasher.combine(input.datatype)
            hasher.combine(input.shape)
            unsafe input.withContent { unsafe hasher.combine(bytes: $0) }
            for size in input.elementSizes { hasher.combine(size) }
        }
        self.init(inputs, hash: hasher.finalize())
    }

    private init(_ inputs: [Tensor], hash: Int) {
        self.inputs = inputs
        self.hash = hash
    }

    var byteCount: Int { inputs.reduce(0) { $0 + $1.keptByteCount } }

    /// The same with inputs of its own: it keeps no request alive.
    var owned: CacheKey { CacheKey(inputs.map(\.owned), hash: hash) }

    static func == (left: Self, right: Self) -> Bool {
        left.hash == right.hash && left.inputs.count == right.inputs.count
            && zip(left.inputs, right.inputs).allSatisfy { $0.hasSameContent(as: $1) }
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension Tensor {
    /// The bytes of the elements, without what their storage holds beside them.
    fileprivate func withContent<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let range = offsets.isEmpty ? 0..<storage.byteCount : offsets[0]..<offsets[offsets.count - 1]
        return unsafe storage.withUnsafeBytes { bytes in
            unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    /// Sizes of BYTES elements; empty for the others.
    fileprivate var elementSizes: [Int] { zip(offsets.dropFirst(), offsets).map { $0 - $1 } }

    /// What a copy takes of the memory, about.
    var keptByteCount: Int { contentByteCount + ResponseCache.tensorOverhead }

    private var contentByteCount: Int {
        guard let first = offsets.first, let last = offsets.last else { return storage.byteCount }
        return last - first + offsets.count * MemoryLayout<Int>.stride
    }

    fileprivate func hasSameContent(as other: Tensor) -> Bool {
        guard datatype == other.datatype, shape == other.shape, elementSizes == other.elementSizes else { return false }
        return unsafe withContent { own in
            unsafe other.withContent { others in
                guard own.count == others.count else { return false }
                guard let left = own.baseAddress, let right = others.baseAddress else { return true }
                return unsafe memcmp(left, right, own.count) == 0
            }
        }
    }

    /// A copy that borrows from nobody.
    var owned: Tensor {
        unsafe withContent { bytes in
            let storage = TensorStorage(byteCount: bytes.count)
            unsafe storage.withUnsafeMutableBytes { unsafe $0.copyMemory(from: bytes) }
            guard let first = offsets.first else { return Tensor(datatype, shape: shape, storage: storage) }
            return Tensor(bytes: storage, offsets: offsets.map { $0 - first }, shape: shape)
        }
    }
}
