// SPDX-License-Identifier: Apache-2.0

/// A binary floating-point format narrower than `Double`, by its field widths.
struct NarrowFormat {
    /// Bits of the significand that are written, without the hidden one.
    let significandBits: Int
    /// Exponent of the least normal number.
    let leastExponent: Int
    /// The bit pattern of infinity, sign aside.
    let infinity: UInt64

    static let float16 = NarrowFormat(significandBits: 10, leastExponent: -14, infinity: 0x7C00)
    static let bfloat16 = NarrowFormat(significandBits: 7, leastExponent: -126, infinity: 0x7F80)
    static let float32 = NarrowFormat(significandBits: 23, leastExponent: -126, infinity: 0x7F80_0000)
}

/// Decimal to binary, correctly rounded: to nearest, ties to even.
///
/// Written against no C library, so that no locale can change what a number means.
extension DecimalText {
    /// The nearest `Double`; infinity where the number is too large.
    @inline(__always)
    func double(_ bytes: ByteView) -> Double {
        // Both operands are exact, so one rounding happens (Clinger 1990).
        if mantissa <= 1 << 53 && exponent >= -22 && exponent <= 22 && !isTruncated {
            let digits = Double(mantissa)
            let magnitude =
                exponent < 0 ? digits / PowersOfTen.exact[-exponent] : digits * PowersOfTen.exact[exponent]
            return isNegative ? -magnitude : magnitude
        }
        return slowDouble(bytes)
    }

    /// The nearest `Float`; infinity where the number is too large.
    @inline(__always)
    func float(_ bytes: ByteView) -> Float {
        if exponent >= -22 && exponent <= 22 {
            let digits = Double(mantissa)
            let estimate =
                exponent < 0 ? digits / PowersOfTen.exact[-exponent] : digits * PowersOfTen.exact[exponent]
            // The estimate is off by less than 2 units of its last place: digits cut off, their conversion, and the
            // division each lose at most one half or far less. Unless it lies that near to the middle between two
            // Floats, both round alike. Everything here is a normal Float: 10^-22 is, and 2^64 · 10^22 is too large
            // for none of them but at the very top, which the guard leaves to the slow way.
            let belowLastPlace = Int(truncatingIfNeeded: estimate.bitPattern & 0x1FFF_FFFF)
            if abs(belowLastPlace &- 0x1000_0000) > 4 && estimate < 3.4e38 {
                let magnitude = Float(estimate)
                return isNegative ? -magnitude : magnitude
            }
        }
        let bits = UInt32(narrowBits(bytes, .float32))
        return Float(bitPattern: bits | (isNegative ? 1 << 31 : 0))
    }

    /// The bit pattern of the nearest number of `format`, sign aside.
    @inline(never)
    func narrowBits(_ bytes: ByteView, _ format: NarrowFormat) -> UInt64 {
        let wide = abs(double(bytes))
        guard wide.isFinite else { return format.infinity }
        guard wide.isNormal else { return 0 }
        let exponent = Int(wide.exponent)
        let significand = wide.significandBitPattern | 1 << 52
        let shift = 52 - format.significandBits + max(0, format.leastExponent - exponent)
        guard shift <= 53 else { return 0 }
        var kept = significand >> UInt64(shift)
        let rest = significand & (1 << UInt64(shift) - 1)
        let middle: UInt64 = 1 << UInt64(shift - 1)
        if rest == middle {
            // The middle is a Double itself, so only here can rounding twice go wrong: ask the text.
            let order = compare(bytes, to: significand, timesTwoToThe: exponent - 52)
            if order > 0 || (order == 0 && kept & 1 == 1) { kept += 1 }
        } else if rest > middle {
            kept += 1
        }
        // The hidden bit carries into the exponent field by itself.
        let biased = UInt64(max(exponent - format.leastExponent, 0))
        return min(biased << UInt64(format.significandBits) + kept, format.infinity)
    }

    @inline(never)
    private func slowDouble(_ bytes: ByteView) -> Double {
        let sign: UInt64 = isNegative ? 1 << 63 : 0
        let lower = Self.eiselLemire(mantissa, exponent)
        guard isTruncated else { return Double(bitPattern: lower | sign) }
        let upper = Self.eiselLemire(mantissa + 1, exponent)
        // The digits cut off weigh less than one of the 19 kept: where both ends round alike they do not matter.
        guard lower != upper else { return Double(bitPattern: lower | sign) }
        let below = Double(bitPattern: lower)
        let isSubnormal = lower >> 52 == 0
        let significand = below.significandBitPattern | (isSubnormal ? 0 : 1 << 52)
        let power = isSubnormal ? -1074 : Int(lower >> 52) - 1075
        let order = compare(bytes, to: significand * 2 + 1, timesTwoToThe: power - 1)
        let roundsUp = order > 0 || (order == 0 && significand & 1 == 1)
        return Double(bitPattern: (roundsUp ? lower + 1 : lower) | sign)
    }

    /// The bit pattern of the `Double` nearest to `digits` · 10^`exponent`.
    ///
    /// - SeeAlso: D. Lemire, *Number Parsing at a Gigabyte per Second*, 2021; N. Mushtak, D. Lemire, *Fast Number
    ///   Parsing Without Fallback*, 2023, which shows that 128 bits always decide for at most 64 bits of digits.
    private static func eiselLemire(_ digits: UInt64, _ exponent: Int) -> UInt64 {
        let infinity: UInt64 = 0x7FF << 52
        guard digits != 0, exponent >= -342 else { return 0 }
        guard exponent <= 308 else { return infinity }
        let leadingZeros = digits.leadingZeroBitCount
        let normalised = digits << UInt64(leadingZeros)
        let power = PowersOfTen.significand(of: exponent)
        var (high, low) = normalised.multipliedFullWidth(by: power.high)
        if high & 0x1FF == 0x1FF {
            // Only then can the lower half of the power change the bits that count.
            let second = normalised.multipliedFullWidth(by: power.low).high
            let (sum, carry) = low.addingReportingOverflow(second)
            low = sum
            high += carry ? 1 : 0
        }
        let upperBit = Int(high >> 63)
        var significand = high >> UInt64(upperBit + 9)
        // floor(exponent · log2(10)) by a fixed-point factor.
        var biased = (217_706 * exponent) >> 16 + 63 + upperBit - leadingZeros + 1023
        if biased <= 0 {
            guard biased > -63 else { return 0 }
            significand >>= UInt64(1 - biased)
            significand = (significand + significand & 1) >> 1
            return significand
        }
        let isTie = low <= 1 && exponent >= -4 && exponent <= 23 && significand & 3 == 1
        if isTie && significand << UInt64(upperBit + 9) == high { significand &= ~1 }
        significand = (significand + significand & 1) >> 1
        if significand >= 1 << 53 {
            significand = 1 << 52
            biased += 1
        }
        guard biased < 0x7FF else { return infinity }
        return UInt64(biased) << 52 | significand & (1 << 52 - 1)
    }
}
