// SPDX-License-Identifier: Apache-2.0

/// Numbers as JSON has them. NaN and the infinities, which JSON has not, become the strings `"NaN"`, `"Infinity"` and
/// `"-Infinity"`.
extension ByteWriter {
    /// Appends every digit of an integer.
    package func append(number value: Int) { append(integer: value) }

    @inline(__always)
    func append(integer value: some FixedWidthInteger) {
        unsafe withReserved(maxNumberByteCount) { target in
            unsafe write(UInt64(value.magnitude), isNegative: value < 0, to: target)
        }
    }

    /// Appends the shortest text that reads back to the same `Float`.
    package func append(number value: Float) {
        unsafe withReserved(maxNumberByteCount) { unsafe write(value, to: $0) }
    }

    /// Appends the shortest text that reads back to the same `Double`.
    package func append(number value: Double) {
        append(number: value, style: .pointed)
    }

    func append(number value: Double, style: NumberStyle) {
        unsafe withReserved(maxNumberByteCount) { unsafe write(value, style: style, to: $0) }
    }

    /// Appends the shortest text that reads back to the same FP16 or BF16 bit pattern.
    func append(halfPattern bits: UInt16, _ format: NarrowFormat) {
        unsafe withReserved(maxNumberByteCount) { unsafe write(halfPattern: bits, format, to: $0) }
    }
}
