// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// `elementCount(of:)` for every call: made for arrays alone, it is an eighth of a small model's run cheaper.
func countable(_ shape: Shape) -> Int? {
    var (count, isEmpty) = (1, false)
    for size in shape {
        let (next, overflows) = count.multipliedReportingOverflow(by: max(size, 1))
        guard size >= 0, !overflows else { return nil }
        count = next
        isEmpty = isEmpty || size == 0
    }
    return isEmpty ? 0 : count
}

extension Tensor {
    /// Whether the elements lie where the processor likes them.
    var isAligned: Bool {
        guard let width = datatype.byteWidth else { return true }
        return addresses.lowerBound & UInt(width - 1) == 0
    }

    /// Where the elements lie.
    var addresses: Range<UInt> {
        unsafe storage.withUnsafeBytes { bytes in
            let start = UInt(bitPattern: bytes.baseAddress)
            return start..<start + UInt(bytes.count)
        }
    }

    /// The same elements in memory of their own, in which each starts where the processor likes it.
    ///
    /// - Precondition: not BYTES.
    func copied() -> Tensor {
        let copy = TensorStorage(byteCount: storage.byteCount)
        unsafe copy.withUnsafeMutableBytes { target in
            unsafe storage.withUnsafeBytes { source in unsafe target.copyMemory(from: source) }
        }
        return Tensor(datatype, shape: shape, storage: copy)
    }

    /// One tensor of the elements of `parts`, one part after the other.
    ///
    /// - Parameters:
    ///   - orders: For each part the positions to take its elements from; `nil` takes all as they are.
    ///   - shape: Has room for exactly the elements taken.
    /// - Precondition: the parts have datatype `datatype`.
    init(_ datatype: Datatype, joining parts: [Tensor], orders: [[Int]]? = nil, shape: Shape) {
        let picks = orders ?? parts.map { Array(0..<$0.elementCount) }
        guard let width = datatype.byteWidth else {
            self.init(texts: zip(parts, picks).flatMap { part, order in order.map { part.text(at: $0) } }, shape: shape)
            return
        }
        let storage = TensorStorage(byteCount: picks.reduce(0) { $0 + $1.count } * width)
        unsafe storage.withUnsafeMutableBytes { target in
            var position = 0
            for (part, order) in zip(parts, picks) {
                unsafe part.storage.withUnsafeBytes { source in
                    for index in order {
                        for byte in 0..<width { unsafe target[position + byte] = source[index * width + byte] }
                        position += width
                    }
                }
            }
        }
        self.init(datatype, shape: shape, storage: storage)
    }

    private init(texts: [[UInt8]], shape: Shape) {
        var offsets = [0]
        for text in texts { offsets.append((offsets.last ?? 0) + text.count) }
        let joined = Tensor(.uint8, shape: [offsets.last ?? 0], elements: Array(texts.joined()))
        self.init(bytes: joined.storage, offsets: offsets, shape: shape)
    }

    /// The bytes of BYTES element `index`, copied out.
    func text(at index: Int) -> [UInt8] {
        unsafe withBytes(at: index) { unsafe Array($0) }
    }
}
