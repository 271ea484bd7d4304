// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Numbers are read exactly")
struct NumberReadingTests {
    @Test("random decimals read as strtod and strtof read them, bit for bit")
    func randomDecimals() {
        var random = SeededGenerator(seed: 1)
        var wrong: [String] = []
        for _ in 0..<200_000 {
            let text = Self.randomDecimal(&random)
            if !Self.agreesWithC(text) { wrong.append(text) }
        }
        #expect(wrong.isEmpty)
    }

    @Test("the decimals of random bit patterns read back to them, and as the C library reads them")
    func randomBitPatterns() {
        var random = SeededGenerator(seed: 2)
        var wrong: [String] = []
        for _ in 0..<100_000 {
            let double = Double(bitPattern: random.next())
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard double.isFinite, float.isFinite else { continue }
            for text in ["\(double)", "\(float)"] where !Self.agreesWithC(text) { wrong.append(text) }
            if Self.double("\(double)") != double { wrong.append("\(double)") }
            if Self.float("\(float)") != float { wrong.append("\(float)") }
        }
        #expect(wrong.isEmpty)
    }

    @Test("exact middles between neighbours go to the even one, and a digit far behind decides otherwise")
    func middles() {
        var random = SeededGenerator(seed: 3)
        var wrong: [String] = []
        for _ in 0..<2_000 {
            let low = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()) & 0x7FFF_FFFF)
            guard low.isFinite, low.nextUp.isFinite else { continue }
            let middle = Self.exactText((Double(low) + Double(low.nextUp)) / 2)
            for text in [middle, middle + "0000000000000000000001"] where !Self.agreesWithC(text) {
                wrong.append(text)
            }
        }
        for _ in 0..<500 {
            let low = Double(bitPattern: random.next() & 0x7FFF_FFFF_FFFF_FFFF)
            guard low.isFinite, low.nextUp.isFinite else { continue }
            let middle = Self.exactMiddle(above: low)
            let cut = middle.hasSuffix(".0") ? middle : String(middle.dropLast())
            for text in [middle, middle + "1", cut] where !Self.agreesWithC(text) {
                wrong.append(text)
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test(
        "edges read as the C library reads them",
        arguments: [
            "0", "-0", "0.0", "0e99999999999", "1e-999999999999", "4.9406564584124654e-324", "2.4703282292062327e-324",
            "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308", "1.7976931348623157e308",
            "9007199254740993", "9007199254740992.5", "7205759403792793199999e-5", "16777217", "16777219",
            "16777216.999999999999999999", "1.1754943e-38", "1.17549435e-38", "7.0064923216240854e-46",
            "7.0064923216240853e-46", "1.401298464324817e-45", "3.4028234e38", "3.4028235677973365e38",
            "0.000000000000000000000000000000000000000000000000000000000000000001234567890123456789012345",
            "8.41e21", "9.5367431640625e-7", "123456789012345678901234567890", "0.1", "1e22", "1e23",
        ])
    func edges(text: String) {
        #expect(Self.agreesWithC(text))
    }

    @Test("numbers too large for the format become infinity, which the tensor readers refuse")
    func tooLarge() {
        #expect(Self.double("1e309") == .infinity)
        #expect(Self.double("-1e999999999999") == -.infinity)
        #expect(Self.double("1.7976931348623159e308") == .infinity)
        #expect(Self.float("3.4028236e38") == .infinity)
        #expect(Self.float("1e39") == .infinity)
    }

    @Test("every FP16 and BF16 value reads back, and decimals in between go to the nearest, ties to even")
    func halves() {
        for (format, count) in [(NarrowFormat.float16, 0x7C00), (.bfloat16, 0x7F80)] {
            var wrong: [Int] = []
            for bits in 0..<(count - 1) {
                let low = Self.value(bits, format)
                let high = Self.value(bits + 1, format)
                let even = bits & 1 == 0 ? bits : bits + 1
                if Self.narrow("\(low)", format) != bits { wrong.append(bits) }
                guard bits % 61 == 0 else { continue }
                let middle = Self.exactText((low + high) / 2)
                if Self.narrow(middle, format) != even { wrong.append(bits) }
                if Self.narrow(middle + "00000000000000000000000001", format) != bits + 1 {
                    wrong.append(bits)
                }
            }
            #expect(wrong.isEmpty)
        }
        #expect(Self.narrow("65519.999", .float16) == 0x7BFF)
        #expect(Self.narrow("65520", .float16) == 0x7C00)
        #expect(Self.narrow("1e400", .bfloat16) == 0x7F80)
    }

    @Test("integers keep every digit, and out of range is said")
    func integers() {
        #expect(Self.integer("9223372036854775807", Int64.self) == .success(.max))
        #expect(Self.integer("-9223372036854775808", Int64.self) == .success(.min))
        #expect(Self.integer("9223372036854775808", Int64.self) == .failure(.outOfRange))
        #expect(Self.integer("-9223372036854775809", Int64.self) == .failure(.outOfRange))
        #expect(Self.integer("18446744073709551615", UInt64.self) == .success(.max))
        #expect(Self.integer("18446744073709551616", UInt64.self) == .failure(.outOfRange))
        #expect(Self.integer("99999999999999999999999", UInt64.self) == .failure(.outOfRange))
        #expect(Self.integer("9007199254740993", Int64.self) == .success(9_007_199_254_740_993))
        #expect(Self.integer("-1", UInt8.self) == .failure(.outOfRange))
        #expect(Self.integer("-0", UInt8.self) == .success(0))
        #expect(Self.integer("255", UInt8.self) == .success(255))
        #expect(Self.integer("256", UInt8.self) == .failure(.outOfRange))
        #expect(Self.integer("-129", Int8.self) == .failure(.outOfRange))
    }

    @Test("whole numbers written with point or exponent are integers; fractions are not rounded")
    func wholeNumbers() {
        #expect(Self.integer("3.0", Int32.self) == .success(3))
        #expect(Self.integer("1e3", Int32.self) == .success(1000))
        #expect(Self.integer("1.5e1", Int32.self) == .success(15))
        #expect(Self.integer("1500e-2", Int32.self) == .success(15))
        #expect(Self.integer("0e-999999999", Int32.self) == .success(0))
        #expect(Self.integer("1.844674407370955161e19", UInt64.self) == .success(18_446_744_073_709_551_610))
        #expect(Self.integer("3.5", Int32.self) == .failure(.notWhole))
        #expect(Self.integer("1e-1", Int32.self) == .failure(.notWhole))
        #expect(Self.integer("1e99999999", Int32.self) == .failure(.outOfRange))
    }

    @Test(
        "what RFC 8259 forbids is no number",
        arguments: ["", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "e5", "--1", "NaN", "0x10"])
    func notANumber(text: String) {
        #expect(Self.scan(text) == nil)
    }
}

extension NumberReadingTests {
    static func withScan<Result>(_ text: String, _ body: (DecimalText, ByteView) -> Result) -> Result? {
        let bytes = [UInt8](text.utf8)
        return unsafe bytes.withUnsafeBytes { buffer in
            let view = unsafe ByteView(buffer)
            guard let number = DecimalText.scan(view, at: 0), number.range.upperBound == bytes.count else {
                return nil
            }
            return body(number, view)
        }
    }

    static func scan(_ text: String) -> UInt64? { withScan(text) { number, _ in number.mantissa } }
    static func double(_ text: String) -> Double? { withScan(text) { $0.double($1) } }
    static func float(_ text: String) -> Float? { withScan(text) { $0.float($1) } }
    static func narrow(_ text: String, _ format: NarrowFormat) -> Int? {
        withScan(text) { Int($0.narrowBits($1, format)) }
    }

    static func integer<Integer: FixedWidthInteger>(
        _ text: String, _: Integer.Type
    ) -> Result<Integer, DecimalText.IntegerFault>? {
        withScan(text) { number, bytes in
            Result { () throws(DecimalText.IntegerFault) in try number.integer(bytes, as: Integer.self) }
        }
    }

    static func agreesWithC(_ text: String) -> Bool {
        let (expectedDouble, expectedFloat) = unsafe (strtod(text, nil), strtof(text, nil))
        return double(text)?.bitPattern == expectedDouble.bitPattern
            && float(text)?.bitPattern == expectedFloat.bitPattern
    }

    /// The value of a bit pattern of `format`; the pattern of infinity counts as the next power of two.
    static func value(_ bits: Int, _ format: NarrowFormat) -> Double {
        let hidden = 1 << format.significandBits
        let exponent = bits / hidden
        let significand = exponent == 0 ? bits : bits % hidden + hidden
        let power = max(exponent, 1) - 1 + format.leastExponent - format.significandBits
        return Double(sign: .plus, exponent: power, significand: Double(significand))
    }

    /// All digits of a `Double`.
    static func exactText(_ value: Double) -> String {
        var buffer = [CChar](repeating: 0, count: 1500)
        let text = unsafe withVaList([value]) { arguments in
            unsafe vsnprintf(&buffer, buffer.count, "%.1100f", arguments)
        }
        let bytes = buffer.prefix(Int(text)).map { UInt8(bitPattern: $0) }
        var digits = Substring(String(decoding: bytes, as: UTF8.self))
        while digits.last == "0" { digits.removeLast() }
        return String(digits.last == "." ? digits + "0" : digits)
    }

    /// All digits of the middle between a `Double` and the next: one bit more than a `Double` holds.
    static func exactMiddle(above low: Double) -> String {
        // Added digit by digit: (low + high) / 2 = low + (high - low) / 2, both summands exact.
        let step = low.ulp
        guard step > 1e-300, step < 1e300 else { return exactText(low) }
        return sum(exactText(low), exactText(step / 2))
    }

    private static func sum(_ first: String, _ second: String) -> String {
        let parts = [first, second].map { $0.split(separator: ".").map { $0.utf8.map { Int($0) - 48 } } }
        let whole = max(parts[0][0].count, parts[1][0].count)
        let fraction = max(parts[0][1].count, parts[1][1].count)
        let padded = parts.map { part in
            [Int](repeating: 0, count: whole - part[0].count) + part[0] + part[1]
                + [Int](repeating: 0, count: fraction - part[1].count)
        }
        var carry = 0
        var digits: [Int] = []
        for (one, other) in zip(padded[0], padded[1]).reversed() {
            digits.append((one + other + carry) % 10)
            carry = (one + other + carry) / 10
        }
        if carry > 0 { digits.append(carry) }
        let text = digits.reversed().map { String($0) }
        return text.dropLast(fraction).joined() + "." + text.suffix(fraction).joined()
    }

    static func randomDecimal(_ random: inout SeededGenerator) -> String {
        let length = Int.random(in: 1...(Int.random(in: 0..<20, using: &random) == 0 ? 60 : 19), using: &random)
        var digits = (0..<length).map { _ in Character(UnicodeScalar(UInt8.random(in: 48...57, using: &random))) }
        let sign = Bool.random(using: &random) ? "-" : ""
        let point = Int.random(in: 1...length, using: &random)
        if digits[0] == "0", point > 1 { digits[0] = "1" }
        var text = sign + String(digits[..<point])
        if point < length { text += "." + String(digits[point...]) }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text += "e\(Int.random(in: -350...330, using: &random))"
        case 1: text += "E\(Int.random(in: -50...40, using: &random))"
        case 2: text += "e+\(Int.random(in: 0...9, using: &random))"
        default: break
        }
        return text
    }
}
