// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Tensors

@Suite("Numbers are written as the shortest text that reads back")
struct NumberWritingTests {
    @Test("random doubles and floats read back to themselves, with as few digits as Swift needs")
    func randomBitPatterns() {
        var random = SeededGenerator(seed: 4)
        var wrong: [String] = []
        for round in 0..<100_000 {
            var double = Double(bitPattern: random.next())
            var float = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            if round % 2 == 0 {
                double = Double(Int.random(in: -100_000_000...100_000_000, using: &random)) / 10_000
                float = Float(double)
            }
            guard double.isFinite, float.isFinite else { continue }
            let (doubleText, floatText) = (Self.text(double), Self.text(float))
            if NumberReadingTests.double(doubleText)?.bitPattern != double.bitPattern
                || Self.digits(doubleText) != Self.digits("\(double)")
            {
                wrong.append("\(double) as \(doubleText)")
            }
            if NumberReadingTests.float(floatText)?.bitPattern != float.bitPattern
                || Self.digits(floatText) != Self.digits("\(float)")
            {
                wrong.append("\(float) as \(floatText)")
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("powers of two and their neighbours, where the gap changes, read back with as few digits as Swift needs")
    func powersOfTwo() {
        var wrong: [String] = []
        for power in -1074...1023 {
            let two = Double(sign: .plus, exponent: power, significand: 1)
            for value in [two, two.nextUp, two.nextDown] {
                let text = Self.text(value)
                if NumberReadingTests.double(text) != value || Self.digits(text) != Self.digits("\(value)") {
                    wrong.append("\(value) as \(text)")
                }
            }
            let float = Float(two)
            guard power >= -149, float.isFinite else { continue }
            for value in [float, float.nextUp, float.nextDown] {
                let text = Self.text(value)
                if NumberReadingTests.float(text) != value || Self.digits(text) != Self.digits("\(value)") {
                    wrong.append("\(value) as \(text)")
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("every FP16 and BF16 value reads back from its text, which is short")
    func halves() {
        for (format, infinity, most) in [(NarrowFormat.float16, 0x7C00, 5), (.bfloat16, 0x7F80, 4)] {
            var wrong: [Int] = []
            for bits in 0..<infinity {
                let text = Self.text { $0.append(halfPattern: UInt16(bits), format) }
                if NumberReadingTests.narrow(text, format) != bits || Self.digits(text).count > most {
                    wrong.append(bits)
                }
            }
            #expect(wrong.isEmpty)
        }
    }

    @Test(
        "numbers look as people and other languages expect",
        arguments: [
            (0.0, "0.0", "0"), (-0.0, "-0.0", "0"), (1, "1.0", "1"), (-1.5, "-1.5", "-1.5"), (0.1, "0.1", "0.1"),
            (1e20, "100000000000000000000.0", "100000000000000000000"), (1e21, "1e+21", "1e+21"),
            (1e-6, "0.000001", "0.000001"), (1e-7, "1e-7", "1e-7"), (1.5e-9, "1.5e-9", "1.5e-9"),
            (123456789.125, "123456789.125", "123456789.125"),
            (9_007_199_254_740_992, "9007199254740992.0", "9007199254740992"),
            (.leastNonzeroMagnitude, "5e-324", "5e-324"),
            (.greatestFiniteMagnitude, "1.7976931348623157e+308", "1.7976931348623157e+308"),
            (333333333.33333329, "333333333.3333333", "333333333.3333333"), (1e30, "1e+30", "1e+30"),
            (4.5, "4.5", "4.5"), (2e-3, "0.002", "0.002"), (1e-27, "1e-27", "1e-27"),
        ])
    func layout(value: Double, pointed: String, ecmaScript: String) {
        #expect(Self.text(value) == pointed)
        #expect(Self.text { $0.append(number: value, style: .ecmaScript) } == ecmaScript)
    }

    @Test("NaN and the infinities become strings, for JSON has no numbers for them")
    func notFinite() {
        #expect(Self.text(Double.nan) == "\"NaN\"")
        #expect(Self.text(Float.infinity) == "\"Infinity\"")
        #expect(Self.text(-Double.infinity) == "\"-Infinity\"")
        #expect(Self.text { $0.append(halfPattern: 0xFC00, .float16) } == "\"-Infinity\"")
        #expect(Self.text { $0.append(halfPattern: 0x7FC0, .bfloat16) } == "\"NaN\"")
    }

    @Test("integers are written whole")
    func integers() {
        var value: UInt64 = 1
        for _ in 0..<20 {
            for near in [value &- 1, value, value &+ 1] {
                #expect(Self.text { $0.append(integer: near) } == "\(near)")
            }
            value = value &* 10
        }
        #expect(Self.text { $0.append(integer: UInt64.max) } == "18446744073709551615")
        #expect(Self.text { $0.append(integer: Int64.min) } == "-9223372036854775808")
    }
}

extension NumberWritingTests {
    static func text(_ append: (ByteWriter) -> Void) -> String {
        let writer = ByteWriter()
        append(writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    static func text(_ value: Double) -> String { text { $0.append(number: value) } }

    static func text(_ value: Float) -> String { text { $0.append(number: value) } }

    /// The significant digits of a number's text.
    static func digits(_ text: String) -> String {
        var digits = text.prefix { $0 != "e" }.filter { $0.isNumber }[...]
        while digits.first == "0" { digits.removeFirst() }
        while digits.last == "0" { digits.removeLast() }
        return String(digits)
    }
}
