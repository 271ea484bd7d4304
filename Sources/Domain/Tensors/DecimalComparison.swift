// SPDX-License-Identifier: Apache-2.0

extension DecimalText {
    /// How the exact value of the text, sign aside, compares to `significand` · 2^`power`: negative, 0 or positive.
    ///
    /// The last resort for numbers that lie so near to the middle between two representable ones that 128 bits do not
    /// decide. Needs the text itself, because ``mantissa`` may be cut off. Costs some microseconds, bounded: after
    /// 800 digits it matters only whether another one is not zero, for a middle between two doubles has at most 767.
    ///
    /// - Precondition: the value lies within the range of `Double`.
    @inline(never)
    func compare(_ bytes: ByteView, to significand: UInt64, timesTwoToThe power: Int) -> Int {
        var decimal = BigNumber(0)
        var digitCount = 0
        var hasMore = false
        for index in range {
            let byte = bytes[index]
            if byte | 0x20 == UInt8(ascii: "e") { break }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10, digitCount > 0 || digit != 0 else { continue }
            digitCount += 1
            if digitCount <= 800 {
                decimal.multiply(by: 10, adding: UInt32(digit))
            } else {
                hasMore = hasMore || digit != 0
            }
        }
        // `self.exponent` belongs to the first 19 significant digits; wanted is that of the last digit taken.
        let exponent = self.exponent - (isTruncated ? min(digitCount, 800) - 19 : 0)
        var binary = BigNumber(significand)
        for _ in 0..<max(exponent, 0) { decimal.multiply(by: 5, adding: 0) }
        for _ in 0..<max(-exponent, 0) { binary.multiply(by: 5, adding: 0) }
        // decimal · 2^exponent against binary · 2^power
        if exponent > power { decimal.shiftLeft(by: exponent - power) } else { binary.shiftLeft(by: power - exponent) }
        let order = decimal.compare(to: binary)
        return order == 0 && hasMore ? 1 : order
    }
}

/// A natural number of any size; 32-bit limbs, lowest first, without leading zeros.
private struct BigNumber {
    private var limbs: [UInt32]

    init(_ value: UInt64) {
        limbs = [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)]
        while limbs.last == 0 { limbs.removeLast() }
    }

    mutating func multiply(by factor: UInt32, adding addend: UInt32) {
        var carry = UInt64(addend)
        for index in limbs.indices {
            carry += UInt64(limbs[index]) * UInt64(factor)
            limbs[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        if carry > 0 { limbs.append(UInt32(carry)) }
    }

    mutating func shiftLeft(by bits: Int) {
        guard !limbs.isEmpty else { return }
        multiply(by: 1 << UInt32(bits % 32), adding: 0)
        limbs.insert(contentsOf: repeatElement(0, count: bits / 32), at: 0)
    }

    func compare(to other: BigNumber) -> Int {
        if limbs.count != other.limbs.count { return limbs.count < other.limbs.count ? -1 : 1 }
        for (own, others) in zip(limbs.reversed(), other.limbs.reversed()) where own != others {
            return own < others ? -1 : 1
        }
        return 0
    }
}
