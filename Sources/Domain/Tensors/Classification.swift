// SPDX-License-Identifier: Apache-2.0

extension Tensor {
    /// The highest `count` values with their places, as the classification extension of the Open Inference Protocol
    /// writes them: BYTES `value:index`, the highest first.
    ///
    /// The first dimension counts rows where `isBatched` says so: `[rows, count]`, else `[count]`. Rows with fewer elements
    /// give all of them. Equal values keep their order; NaN goes last.
    ///
    /// - Throws: ``CodecError/Rule/type`` for BOOL and BYTES, ``CodecError/Rule/shape`` without a dimension of classes.
    package func classified(top count: Int, isBatched: Bool) throws(CodecError) -> Tensor {
        guard let values = doubles, datatype != .bool else {
            throw CodecError(.type, "a classification needs numbers, and the output is \(datatype.rawValue)")
        }
        guard shape.count > (isBatched ? 1 : 0) else {
            throw CodecError(.shape, "a classification needs a dimension of classes, and the output has shape \(shape)")
        }
        let rowCount = isBatched ? shape[0] : 1
        let classCount = (isBatched ? shape.dropFirst() : shape[...]).reduce(1, *)
        let kept = min(count, classCount)
        var texts = TextElements()
        let writer = ByteWriter(capacity: 64)
        for row in 0..<rowCount {
            let first = row * classCount
            for index in highest(kept, of: values[first..<(first + classCount)]) {
                writer.removeAll()
                try writer.append(plain: self, at: first + index)
                writer.append(UInt8(ascii: ":"))
                writer.append(number: index)
                unsafe writer.withUnsafeBytes { unsafe texts.append($0) }
            }
        }
        return texts.tensor(shape: isBatched ? [rowCount, kept] : [kept])
    }
}

/// The places of the highest values, counted from the slice's start.
private func highest(_ count: Int, of values: ArraySlice<Double>) -> [Int] {
    let start = values.startIndex
    func isHigher(_ one: Int, _ other: Int) -> Bool {
        let (left, right) = (values[start + one], values[start + other])
        if left.isNaN || right.isNaN { return left.isNaN == right.isNaN ? one < other : right.isNaN }
        return left == right ? one < other : left > right
    }
    // A sorted list of the best so far: few classes are asked for, of many.
    guard count > 0 else { return [] }
    guard count <= 16 else { return Array((0..<values.count).sorted(by: isHigher).prefix(count)) }
    var best: [Int] = []
    for index in 0..<values.count {
        if best.count == count, let last = best.last, !isHigher(index, last) { continue }
        if best.count == count { best.removeLast() }
        let place = best.firstIndex { isHigher(index, $0) } ?? best.count
        best.insert(index, at: place)
    }
    return best
}

extension ByteWriter {
    /// Appends one number without the quotes that JSON needs around NaN and the infinities.
    fileprivate func append(plain tensor: Tensor, at index: Int) throws(CodecError) {
        if tensor.datatype.isFloatingPoint, let value = tensor.number(at: index), !value.isFinite {
            append(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
        } else {
            try append(elementsOf: tensor, in: index..<(index + 1))
        }
    }
}

extension Tensor {
    /// One element of a floating-point type.
    fileprivate func number(at index: Int) -> Double? {
        unsafe storage.withUnsafeBytes { bytes in
            switch datatype {
            case .float32: Double(unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
            case .float64: unsafe bytes.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
            case .float16:
                Double(Float16(bitPattern: unsafe bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
            case .bfloat16:
                Double(
                    Float(
                        bitPattern: UInt32(unsafe bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
                            << 16))
            default: nil
            }
        }
    }
}
