// SPDX-License-Identifier: Apache-2.0

/// The shortest decimal that reads back to the same binary number: `digits` · 10^`exponent`.
///
/// Where several are equally short, the one nearest to the number. `digits` may end in zeros.
///
/// - SeeAlso: R. Giulietti, *The Schubfach way to render doubles*, 2020.
struct ShortestDecimal {
    var digits: UInt64
    var exponent: Int

    /// For `significand` · 2^`power`, one of a format whose significands have at most 24 bits.
    ///
    /// - Parameter isLeastOfItsBinade: The neighbour below lies half as far away as the one above.
    @inline(__always)
    init(narrow significand: UInt32, _ power: Int, isLeastOfItsBinade: Bool) {
        if power <= 0 && power > -24 && significand & (1 << UInt32(-power) - 1) == 0 {
            self.init(digits: UInt64(significand >> UInt32(-power)), exponent: 0)
            return
        }
        let exponent = Self.decimalExponent(power, isLeastOfItsBinade)
        let shift = UInt32(power + (-exponent * 1_741_647) >> 19 + 1)
        let full = PowersOfTen.roundedUpSignificand(of: -exponent)
        let power64 = full.low == 0 ? full.high : full.high + 1
        @inline(__always) func scaled(_ value: UInt32) -> UInt32 {
            let (high, low) = power64.multipliedFullWidth(by: UInt64(value << shift))
            return UInt32(truncatingIfNeeded: high) | (UInt32(truncatingIfNeeded: low >> 32) > 1 ? 1 : 0)
        }
        let middle = significand * 4
        self.init(
            lower: UInt64(scaled(middle - (isLeastOfItsBinade ? 1 : 2))), value: UInt64(scaled(middle)),
            upper: UInt64(scaled(middle + 2)), isEven: significand & 1 == 0, exponent: exponent)
    }

    /// For `significand` · 2^`power`, a `Double`.
    @inline(__always)
    init(wide significand: UInt64, _ power: Int, isLeastOfItsBinade: Bool) {
        if power <= 0 && power > -53 && significand & (1 << UInt64(-power) - 1) == 0 {
            self.init(digits: significand >> UInt64(-power), exponent: 0)
            return
        }
        let exponent = Self.decimalExponent(power, isLeastOfItsBinade)
        let shift = UInt64(power + (-exponent * 1_741_647) >> 19 + 1)
        let ten = PowersOfTen.roundedUpSignificand(of: -exponent)
        @inline(__always) func scaled(_ value: UInt64) -> UInt64 {
            let shifted = value << shift
            let carried = ten.low.multipliedFullWidth(by: shifted).high
            var (high, low) = ten.high.multipliedFullWidth(by: shifted)
            let (sum, carry) = low.addingReportingOverflow(carried)
            low = sum
            high += carry ? 1 : 0
            return high | (low > 1 ? 1 : 0)
        }
        let middle = significand * 4
        self.init(
            lower: scaled(middle - (isLeastOfItsBinade ? 1 : 2)), value: scaled(middle), upper: scaled(middle + 2),
            isEven: significand & 1 == 0, exponent: exponent)
    }

    private init(digits: UInt64, exponent: Int) {
        self.digits = digits
        self.exponent = exponent
    }

    /// Chooses among the decimals between the middles to the neighbours; all values times 4, the last bit sticky.
    @inline(__always)
    private init(lower: UInt64, value: UInt64, upper: UInt64, isEven: Bool, exponent: Int) {
        let lower = isEven ? lower : lower + 1
        let upper = isEven ? upper : upper - 1
        let whole = value / 4
        if whole >= 10 {
            let tens = whole / 10
            let isBelowInside = lower <= 40 * tens
            let isAboveInside = 40 * tens + 40 <= upper
            if isBelowInside != isAboveInside {
                self.init(digits: isAboveInside ? tens + 1 : tens, exponent: exponent + 1)
                return
            }
        }
        let isBelowInside = lower <= 4 * whole
        let isAboveInside = 4 * whole + 4 <= upper
        if isBelowInside != isAboveInside {
            self.init(digits: isAboveInside ? whole + 1 : whole, exponent: exponent)
            return
        }
        let middle = 4 * whole + 2
        let roundsUp = value > middle || (value == middle && whole & 1 == 1)
        self.init(digits: roundsUp ? whole + 1 : whole, exponent: exponent)
    }

    /// floor(log10(2^power)), or of three quarters of it, by a fixed-point factor.
    @inline(__always)
    private static func decimalExponent(_ power: Int, _ isLeastOfItsBinade: Bool) -> Int {
        (power * 1_262_611 - (isLeastOfItsBinade ? 524_031 : 0)) >> 22
    }
}
