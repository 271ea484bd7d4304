// SPDX-License-Identifier: Apache-2.0

/// Elements of tensors as JSON values.
extension ByteWriter {
    /// Appends the elements of `range`, separated by commas.
    ///
    /// - Throws: ``CodecError/Rule/encoding`` for BYTES that are not UTF-8, which JSON cannot carry.
    func append(elementsOf tensor: Tensor, in range: Range<Int>) throws(CodecError) {
        switch tensor.datatype {
        case .bool: unsafe append(tensor, range, UInt8.self) { unsafe write($0 != 0, to: $1) }
        case .uint8: unsafe append(tensor, range, UInt8.self) { unsafe write(UInt64($0), to: $1) }
        case .uint16: unsafe append(tensor, range, UInt16.self) { unsafe write(UInt64($0), to: $1) }
        case .uint32: unsafe append(tensor, range, UInt32.self) { unsafe write(UInt64($0), to: $1) }
        case .uint64: unsafe append(tensor, range, UInt64.self) { unsafe write(UInt64($0), to: $1) }
        case .int8:
            unsafe append(tensor, range, Int8.self) { unsafe write(UInt64($0.magnitude), isNegative: $0 < 0, to: $1) }
        case .int16:
            unsafe append(tensor, range, Int16.self) { unsafe write(UInt64($0.magnitude), isNegative: $0 < 0, to: $1) }
        case .int32:
            unsafe append(tensor, range, Int32.self) { unsafe write(UInt64($0.magnitude), isNegative: $0 < 0, to: $1) }
        case .int64:
            unsafe append(tensor, range, Int64.self) { unsafe write(UInt64($0.magnitude), isNegative: $0 < 0, to: $1) }
        case .float16: unsafe append(tensor, range, UInt16.self) { unsafe write(halfPattern: $0, .float16, to: $1) }
        case .bfloat16: unsafe append(tensor, range, UInt16.self) { unsafe write(halfPattern: $0, .bfloat16, to: $1) }
        case .float32: unsafe append(tensor, range, Float.self) { unsafe write($0, to: $1) }
        case .float64: unsafe append(tensor, range, Double.self) { unsafe write($0, style: .pointed, to: $1) }
        case .bytes: try append(textsOf: tensor, in: range)
        }
    }

    /// Appends the elements from `start` on as `shape` says: a plain value for `[]`, else arrays within arrays.
    ///
    /// - Parameter inBase64: Whether BYTES are written as `{"b64": "…"}`.
    func append(
        nested tensor: Tensor, from start: Int, shape: ArraySlice<Int>, inBase64: Bool = false
    ) throws(CodecError) {
        guard let size = shape.first else { return try append(tensor, start..<(start + 1), inBase64: inBase64) }
        append(UInt8(ascii: "["))
        if shape.count == 1 {
            try append(tensor, start..<(start + size), inBase64: inBase64)
        } else {
            let inner = shape.dropFirst()
            let stride = inner.reduce(1, *)
            for index in 0..<size {
                if index > 0 { append(UInt8(ascii: ",")) }
                try append(nested: tensor, from: start + index * stride, shape: inner, inBase64: inBase64)
            }
        }
        append(UInt8(ascii: "]"))
    }

    private func append(_ tensor: Tensor, _ range: Range<Int>, inBase64: Bool) throws(CodecError) {
        guard inBase64, tensor.datatype == .bytes else { return try append(elementsOf: tensor, in: range) }
        for index in range {
            if index > range.lowerBound { append(UInt8(ascii: ",")) }
            unsafe tensor.withBytes(at: index) { unsafe append(base64Element: $0) }
        }
    }

    /// Writes elements in runs, each with one reservation for the longest texts.
    @inline(__always)
    private func append<Element: BitwiseCopyable>(
        _ tensor: Tensor, _ range: Range<Int>, _: Element.Type,
        _ write: (Element, UnsafeMutablePointer<UInt8>) -> Int
    ) {
        unsafe tensor.storage.withUnsafeBytes { bytes in
            var next = range.lowerBound
            while next < range.upperBound {
                let run = next..<min(next + 32, range.upperBound)
                unsafe withReserved(run.count * (maxNumberByteCount + 1)) { target in
                    var end = unsafe target
                    for index in run {
                        unsafe end[0] = UInt8(ascii: ",")
                        if index > range.lowerBound { unsafe end += 1 }
                        // Borrowed storage may not be aligned.
                        let offset = index &* MemoryLayout<Element>.size
                        unsafe end += write(bytes.loadUnaligned(fromByteOffset: offset, as: Element.self), end)
                    }
                    return unsafe end - target
                }
                next = run.upperBound
            }
        }
    }

    private func append(textsOf tensor: Tensor, in range: Range<Int>) throws(CodecError) {
        for index in range {
            if index > range.lowerBound { append(UInt8(ascii: ",")) }
            try unsafe tensor.withBytes(at: index) { (bytes) throws(CodecError) in
                guard unsafe ByteView(bytes).firstInvalidUTF8(in: 0..<bytes.count) == nil else {
                    throw CodecError(
                        .encoding, "element \(index) is not UTF-8, which JSON cannot carry: ask for binary data")
                }
                unsafe append(jsonString: bytes)
            }
        }
    }
}

@inline(__always)
private func write(_ value: Bool, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let text: StaticString = value ? "true" : "false"
    unsafe target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    return text.utf8CodeUnitCount
}
