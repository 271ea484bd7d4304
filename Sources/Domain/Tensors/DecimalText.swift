// SPDX-License-Identifier: Apache-2.0

/// A decimal number found in text: its first 19 significant digits, and the power of ten that goes with them.
struct DecimalText {
    /// The significant digits as an integer; with ``isTruncated``, only the first 19 of them.
    var mantissa: UInt64
    /// The value is ``mantissa`` · 10^exponent, cut off when ``isTruncated``.
    var exponent: Int
    var isNegative: Bool
    /// More than 19 significant digits.
    var isTruncated: Bool
    /// Written without point and exponent.
    var isWhole: Bool
    /// From the sign to the last digit.
    var range: Range<Int>

    /// How the grammar treats what people write but RFC 8259 forbids: `+1`, `.5`, `1.` and `007`.
    enum Grammar {
        case json
        case relaxed
    }

    /// Reads the number that begins at `start`.
    ///
    /// - Returns: `nil` where no number begins, or one is broken off.
    @inline(__always)
    static func scan(_ bytes: ByteView, at start: Int, grammar: Grammar = .json) -> DecimalText? {
        let end = bytes.count
        var position = start
        var isNegative = false
        if position < end {
            let sign = bytes[position]
            if sign == UInt8(ascii: "-") || (grammar == .relaxed && sign == UInt8(ascii: "+")) {
                isNegative = sign == UInt8(ascii: "-")
                position += 1
            }
        }
        var mantissa: UInt64 = 0
        let digits = position
        while position < end {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            position += 1
        }
        var digitCount = position - digits
        if grammar == .json {
            guard digitCount > 0, digitCount == 1 || bytes[digits] != UInt8(ascii: "0") else { return nil }
        }
        var exponent = 0
        var isWhole = true
        if position < end, bytes[position] == UInt8(ascii: ".") {
            position += 1
            let fraction = position
            position = takeDigits(bytes, from: position, into: &mantissa)
            exponent = fraction - position
            guard grammar == .relaxed || exponent != 0 else { return nil }
            digitCount += position - fraction
            isWhole = false
        }
        guard digitCount > 0 else { return nil }
        let digitsEnd = position
        var writtenExponent = 0
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            guard let read = scanExponent(bytes, at: position) else { return nil }
            writtenExponent = read.value
            position = read.end
            exponent += writtenExponent
            isWhole = false
        }
        var number = DecimalText(
            mantissa: mantissa, exponent: exponent, isNegative: isNegative, isTruncated: false, isWhole: isWhole,
            range: start..<position)
        // 19 digits always fit 64 bits. More are rare, and need a second look.
        if digitCount > 19 {
            number.recount(bytes, digits..<digitsEnd, writtenExponent: writtenExponent)
        }
        return number
    }

    /// Adds the digits from `position` on to `mantissa`, eight at a time without a branch for each.
    @inline(__always)
    private static func takeDigits(_ bytes: ByteView, from start: Int, into mantissa: inout UInt64) -> Int {
        var position = start
        while bytes.count &- position >= 8 {
            let digits = bytes.word(at: position) ^ 0x3030_3030_3030_3030
            let others = ((digits & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
            let count = others.trailingZeroBitCount >> 3
            guard count > 0 else { return position }
            // Shifted so that missing digits become leading zeros.
            let value = eightDigits(digits &<< UInt64(64 &- 8 &* count))
            mantissa = mantissa &* PowersOfTen.integers[count] &+ value
            position &+= count
            guard count == 8 else { return position }
        }
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            position &+= 1
        }
        return position
    }

    /// The number whose decimal digits are the bytes of `digits`, the first digit in the lowest byte.
    @inline(__always)
    private static func eightDigits(_ digits: UInt64) -> UInt64 {
        let pairs = digits &* 10 &+ digits >> 8
        let first = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let second = (pairs >> 16 & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return (first &+ second) >> 32
    }

    @inline(never)
    private static func scanExponent(_ bytes: ByteView, at start: Int) -> (value: Int, end: Int)? {
        var position = start + 1
        var isNegative = false
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
            isNegative = bytes[position] == UInt8(ascii: "-")
            position += 1
        }
        let digits = position
        var value = 0
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            // Saturates: far beyond every format, and far from overflow together with any digit count.
            if value < 1 << 48 { value = value * 10 + Int(digit) }
            position += 1
        }
        guard position > digits else { return nil }
        return (isNegative ? -value : value, position)
    }

    /// Counts again from the first digit that is not zero, and keeps 19 digits.
    @inline(never)
    private mutating func recount(_ bytes: ByteView, _ digits: Range<Int>, writtenExponent: Int) {
        mantissa = 0
        exponent = writtenExponent
        var kept = 0
        var isFraction = false
        for index in digits {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else {
                isFraction = true
                continue
            }
            if kept == 19 {
                isTruncated = true
                if !isFraction { exponent += 1 }
                continue
            }
            mantissa = mantissa * 10 + UInt64(digit)
            if kept > 0 || digit != 0 { kept += 1 }
            if isFraction { exponent -= 1 }
        }
    }
}
