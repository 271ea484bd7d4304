// SPDX-License-Identifier: Apache-2.0

/// Decimal to integer, exactly or not at all.
extension DecimalText {
    enum IntegerFault: Error {
        /// `3.5`, or a number written so that its wholeness cannot be seen from 19 digits.
        case notWhole
        case outOfRange
    }

    /// The integer the text stands for.
    ///
    /// `3.0`, `1e3` and `1.5e1` are taken as 3, 1000 and 15: they lose nothing, and programs without an integer type
    /// write them. `3.5` is refused, never rounded.
    @inline(__always)
    func integer<Integer: FixedWidthInteger>(_ bytes: ByteView, as _: Integer.Type) throws(IntegerFault) -> Integer {
        let magnitude = isWhole && !isTruncated ? mantissa : try wholeMagnitude(bytes)
        if isNegative {
            guard magnitude <= 1 << 63 else { throw .outOfRange }
            // Two's complement: also right for the least Int64, and for -0.
            guard let value = Integer(exactly: Int64(truncatingIfNeeded: 0 &- magnitude)) else { throw .outOfRange }
            return value
        }
        guard let value = Integer(exactly: magnitude) else { throw .outOfRange }
        return value
    }

    @inline(never)
    private func wholeMagnitude(_ bytes: ByteView) throws(IntegerFault) -> UInt64 {
        if isWhole {
            // 20 digits may still fit UInt64.
            var value: UInt64 = 0
            for index in range {
                let digit = bytes[index] &- UInt8(ascii: "0")
                guard digit < 10 else { continue }
                let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
                guard !overflow, !carry else { throw .outOfRange }
                value = sum
            }
            return value
        }
        guard mantissa != 0 else { return 0 }
        guard exponent <= 19 else { throw .outOfRange }
        guard !isTruncated else { throw exponent > 0 ? .outOfRange : .notWhole }
        guard exponent < 0 else {
            let (value, overflow) = mantissa.multipliedReportingOverflow(by: PowersOfTen.integers[exponent])
            guard !overflow else { throw .outOfRange }
            return value
        }
        guard exponent >= -19 else { throw .notWhole }
        let (quotient, remainder) = mantissa.quotientAndRemainder(dividingBy: PowersOfTen.integers[-exponent])
        guard remainder == 0 else { throw .notWhole }
        return quotient
    }
}
