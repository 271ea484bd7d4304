// SPDX-License-Identifier: Apache-2.0

/// How floating-point numbers look: whether a whole one keeps its point.
enum NumberStyle {
    /// `1.0`, `1e+21`: stays a floating-point number in every language that tells them apart.
    case pointed
    /// `1`, as ECMAScript writes it and RFC 8785 asks.
    case ecmaScript
}

/// The room that the functions below need: no text is longer than 32 bytes, but they write whole blocks.
let maxNumberByteCount = 48

/// Two digits for each number from 0 to 99.
private let digitPairs: StaticString = """
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """

/// Writes `value` in exactly `count` digits that end before `end`.
@inline(__always)
private func writeDigits(_ value: UInt64, before end: UnsafeMutablePointer<UInt8>, count: Int) {
    var value = value
    var position = unsafe end
    var left = count
    let pairs = unsafe digitPairs.utf8Start
    while left >= 2 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 100)
        unsafe position -= 2
        unsafe position[0] = pairs[Int(remainder) &* 2]
        unsafe position[1] = pairs[Int(remainder) &* 2 &+ 1]
        value = quotient
        left &-= 2
    }
    if left == 1 { unsafe position[-1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value) }
}

/// The number of decimal digits of `value`, at least 1.
@inline(__always)
private func digitCount(of value: UInt64) -> Int {
    // 1233 / 4096 is log10(2) closely enough for 64 bits.
    let estimate = ((64 &- (value | 1).leadingZeroBitCount) &* 1233) &>> 12
    return value >= PowersOfTen.integers[estimate] ? estimate &+ 1 : max(estimate, 1)
}

/// Writes `value` and returns the number of bytes.
@inline(__always)
@unsafe func write(_ value: UInt64, isNegative: Bool = false, to target: UnsafeMutablePointer<UInt8>) -> Int {
    unsafe target[0] = UInt8(ascii: "-")
    let sign = isNegative ? 1 : 0
    let end = sign + digitCount(of: value)
    unsafe writeDigits(value, before: target + end, count: end - sign)
    return end
}

/// Writes the shortest text of a `Double` that reads back to it, and returns the number of bytes.
///
/// - Precondition: `target` has room for ``maxNumberByteCount`` bytes.
@unsafe func write(_ value: Double, style: NumberStyle, to target: UnsafeMutablePointer<UInt8>) -> Int {
    guard value.isFinite else {
        return unsafe writeNotFinite(isNaN: value.isNaN, isNegative: value.sign == .minus, to: target)
    }
    let bits = value.bitPattern
    let fraction = bits & (1 << 52 - 1)
    let exponent = Int(bits >> 52 & 0x7FF)
    guard fraction != 0 || exponent != 0 else {
        return unsafe writeZero(isNegative: bits >> 63 == 1, style, to: target)
    }
    let decimal = ShortestDecimal(
        wide: exponent == 0 ? fraction : fraction | 1 << 52, max(exponent, 1) - 1075,
        isLeastOfItsBinade: fraction == 0 && exponent > 1)
    return unsafe write(decimal, isNegative: bits >> 63 == 1, style, to: target)
}

/// Writes the shortest text of a number of a narrow format that reads back to it, and returns the number of bytes.
///
/// - Parameter bits: The number's bit pattern without its sign.
/// - Precondition: as for `Double`.
@inline(__always)
@unsafe func write(
    _ bits: UInt32, isNegative: Bool, _ format: NarrowFormat, to target: UnsafeMutablePointer<UInt8>
) -> Int {
    guard bits < format.infinity else {
        return unsafe writeNotFinite(isNaN: bits > format.infinity, isNegative: isNegative, to: target)
    }
    guard bits != 0 else { return unsafe writeZero(isNegative: isNegative, .pointed, to: target) }
    let hidden: UInt32 = 1 << UInt32(format.significandBits)
    let fraction = bits & (hidden - 1)
    let exponent = Int(bits >> UInt32(format.significandBits))
    let decimal = ShortestDecimal(
        narrow: exponent == 0 ? fraction : fraction | hidden,
        max(exponent, 1) - 1 + format.leastExponent - format.significandBits,
        isLeastOfItsBinade: fraction == 0 && exponent > 1)
    return unsafe write(decimal, isNegative: isNegative, .pointed, to: target)
}

@inline(__always)
@unsafe func write(_ value: Float, to target: UnsafeMutablePointer<UInt8>) -> Int {
    unsafe write(value.bitPattern & 0x7FFF_FFFF, isNegative: value.sign == .minus, .float32, to: target)
}

@inline(__always)
@unsafe func write(halfPattern bits: UInt16, _ format: NarrowFormat, to target: UnsafeMutablePointer<UInt8>) -> Int {
    unsafe write(UInt32(bits & 0x7FFF), isNegative: bits >> 15 == 1, format, to: target)
}

/// Writes what stands for NaN and the infinities, which JSON has no numbers for.
@inline(never)
private func writeNotFinite(isNaN: Bool, isNegative: Bool, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let text: StaticString = isNaN ? "\"NaN\"" : isNegative ? "\"-Infinity\"" : "\"Infinity\""
    unsafe target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    return text.utf8CodeUnitCount
}

private func writeZero(isNegative: Bool, _ style: NumberStyle, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let text: StaticString = style == .ecmaScript ? "0" : isNegative ? "-0.0" : "0.0"
    unsafe target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    return text.utf8CodeUnitCount
}

/// Lays digits out as ECMAScript does: plain from 10^-6 up to 10^21, else with an exponent.
///
/// Digits are copied in whole blocks, more than is wanted, because a loop that ends after an unforeseeable number of
/// rounds costs more than the copy.
@inline(__always)
private func write(
    _ decimal: ShortestDecimal, isNegative: Bool, _ style: NumberStyle, to start: UnsafeMutablePointer<UInt8>
) -> Int {
    unsafe start[0] = UInt8(ascii: "-")
    let sign = isNegative ? 1 : 0
    let target = unsafe UnsafeMutableRawPointer(start + sign)
    let block = DigitBlock(decimal.digits)
    let stripped = min(block.trailingZeros, max(-decimal.exponent, 0))
    let count = block.count - stripped
    let exponent = decimal.exponent + stripped
    /// Digits in front of the point.
    let point = count + exponent
    if exponent < 0 && point > 0 {
        unsafe block.copy(to: target)
        unsafe target.storeBytes(of: UInt8(ascii: "."), toByteOffset: point, as: UInt8.self)
        unsafe block.copy(from: point, to: target + point + 1)
        return sign + count + 1
    }
    if exponent < 0 && point > -6 {
        // "0.00000", of which as much stays as is needed.
        unsafe target.storeBytes(of: 0x3030_3030_3030_2E30, as: UInt64.self)
        unsafe block.copy(to: target + 2 - point)
        return sign + 2 - point + count
    }
    if exponent >= 0 && point <= 21 {
        unsafe block.copy(to: target)
        unsafe (target + count).initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "0"), count: exponent)
        guard style == .pointed else { return sign + point }
        unsafe target.storeBytes(of: UInt8(ascii: "."), toByteOffset: point, as: UInt8.self)
        unsafe target.storeBytes(of: UInt8(ascii: "0"), toByteOffset: point + 1, as: UInt8.self)
        return sign + point + 2
    }
    return unsafe sign + writeScientific(decimal.digits, decimal.exponent, to: start + sign)
}

/// The digits of a number below 10^17, kept in registers, because memory just written in one grid is slow to read in
/// another.
private struct DigitBlock {
    /// The first of 17 digits; 0 when there are fewer.
    private let first: UInt8
    /// Up to 16 digits, the first in the lowest byte.
    private let others: UInt128
    let count: Int
    let trailingZeros: Int

    @inline(__always)
    init(_ value: UInt64) {
        let (upper, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
        let lowDigits = Self.eightDigits(low)
        let isLong = upper >= 100_000_000
        let middleDigits = Self.eightDigits(isLong ? upper % 100_000_000 : upper)
        first = isLong ? UInt8(ascii: "0") + UInt8(truncatingIfNeeded: upper / 100_000_000) : 0
        count = digitCount(of: value)
        // The last digit lies in the highest byte.
        trailingZeros =
            lowDigits != 0 ? lowDigits.leadingZeroBitCount >> 3 : 8 + middleDigits.leadingZeroBitCount >> 3
        let zeros: UInt64 = 0x3030_3030_3030_3030
        let all = UInt128(lowDigits | zeros) << 64 | UInt128(middleDigits | zeros)
        others = all &>> UInt128(truncatingIfNeeded: isLong ? 0 : (16 - count) * 8)
    }

    /// Writes the digits from `index` on, and more behind them.
    @inline(__always)
    @unsafe func copy(from index: Int = 0, to target: UnsafeMutableRawPointer) {
        guard first != 0 else {
            return unsafe target.storeBytes(of: (others &>> UInt128(index * 8)).littleEndian, as: UInt128.self)
        }
        if index == 0 {
            unsafe target.storeBytes(of: first, as: UInt8.self)
            unsafe target.storeBytes(of: others.littleEndian, toByteOffset: 1, as: UInt128.self)
        } else {
            unsafe target.storeBytes(of: (others &>> UInt128((index - 1) * 8)).littleEndian, as: UInt128.self)
        }
    }

    /// Eight decimal digits as bytes, the first in the lowest: halves, then quarters, then single digits side by side.
    @inline(__always)
    private static func eightDigits(_ value: UInt64) -> UInt64 {
        let (upper, lower) = value.quotientAndRemainder(dividingBy: 10_000)
        let fours = upper | lower << 32
        let hundreds = (fours &* 10486) >> 20 & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) << 16
        let tens = (twos &* 103) >> 10 & 0x000F_000F_000F_000F
        return tens | (twos &- tens &* 10) << 8
    }
}

@inline(never)
private func writeScientific(_ digits: UInt64, _ exponent: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
    var digits = digits
    var exponent = exponent
    while digits % 10 == 0 {
        digits /= 10
        exponent += 1
    }
    let count = digitCount(of: digits)
    unsafe writeDigits(digits, before: target + count + 1, count: count)
    unsafe target[0] = target[1]
    unsafe target[1] = UInt8(ascii: ".")
    var end = count == 1 ? 1 : count + 1
    let power = count + exponent - 1
    unsafe target[end] = UInt8(ascii: "e")
    unsafe target[end + 1] = power < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
    end += 2
    return unsafe end + write(UInt64(power.magnitude), to: target + end)
}
