// SPDX-License-Identifier: Apache-2.0

/// Powers of five to 128 bits, which serve both reading and writing of floating-point numbers.
///
/// The significand of 10^q is that of 5^q. Entry q holds its top 128 bits, the highest bit set: cut off where it is not
/// exact, except that q from -27 to -1 is rounded up, as the Eisel–Lemire method asks.
///
/// - SeeAlso: D. Lemire, *Number Parsing at a Gigabyte per Second*, 2021.
enum PowersOfTen {
    static let exponents = -342...324

    /// 10^0 to 10^22, each exact in a `Double`.
    static let exact: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// 10^0 to 10^19, each exact in a `UInt64`.
    static let integers: [UInt64] = [
        1, 10, 100, 1000, 10000, 100000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]

    private static let significands: [(high: UInt64, low: UInt64)] = computedSignificands()

    /// The significand of 10^`exponent`, rounded as told above.
    @inline(__always)
    static func significand(of exponent: Int) -> (high: UInt64, low: UInt64) {
        significands[exponent - exponents.lowerBound]
    }

    /// The significand of 10^`exponent`, rounded up to 128 bits.
    @inline(__always)
    static func roundedUpSignificand(of exponent: Int) -> (high: UInt64, low: UInt64) {
        let (high, low) = significand(of: exponent)
        // 5^55 is the last that fits 128 bits; -27 to -1 were rounded up already.
        if exponent >= -27 && exponent <= 55 { return (high, low) }
        return (low == .max ? high + 1 : high, low &+ 1)
    }

    /// Computed once: a fraction of a millisecond, and no table that nobody can check.
    private static func computedSignificands() -> [(high: UInt64, low: UInt64)] {
        var negative: [(high: UInt64, low: UInt64)] = []
        // floor(floor(a / 5) / 5) is floor(a / 25), so cutting off at every step loses nothing of the top bits.
        var quotient = [UInt64](repeating: 0, count: 15) + [1]
        for power in 1...(-exponents.lowerBound) {
            var remainder: UInt64 = 0
            for index in quotient.indices.reversed() {
                (quotient[index], remainder) = UInt64(5).dividingFullWidth((remainder, quotient[index]))
            }
            let (high, low) = topBits(of: quotient)
            let isRoundedUp = power <= 27
            negative.append(isRoundedUp ? (low == .max ? high + 1 : high, low &+ 1) : (high, low))
        }
        var positive: [(high: UInt64, low: UInt64)] = []
        var product: [UInt64] = [1]
        for _ in 0...exponents.upperBound {
            positive.append(topBits(of: product))
            var carry: UInt64 = 0
            for index in product.indices {
                let (high, low) = product[index].multipliedFullWidth(by: 5)
                let (sum, overflow) = low.addingReportingOverflow(carry)
                product[index] = sum
                carry = high + (overflow ? 1 : 0)
            }
            if carry > 0 { product.append(carry) }
        }
        return negative.reversed() + positive
    }

    /// The highest 128 bits of a number in 64-bit limbs, lowest first, shifted so that the highest bit is set.
    private static func topBits(of limbs: [UInt64]) -> (high: UInt64, low: UInt64) {
        guard let top = limbs.lastIndex(where: { $0 != 0 }) else { return (0, 0) }
        let first = limbs[top]
        let second = top >= 1 ? limbs[top - 1] : 0
        let third = top >= 2 ? limbs[top - 2] : 0
        let shift = UInt64(first.leadingZeroBitCount)
        // Smart shifts: by 64 gives 0.
        return (first << shift | second >> (64 - shift), second << shift | third >> (64 - shift))
    }
}
