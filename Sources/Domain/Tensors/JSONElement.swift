// SPDX-License-Identifier: Apache-2.0

/// An element of a fixed-width tensor, as it lies in memory, that can be read from JSON.
protocol JSONElement: BitwiseCopyable {
    static func read(_ reader: inout JSONReader) throws(CodecError) -> Self
    /// The plain number that begins just at `position`, and where it ends; `nil` for whatever ``read(_:)`` must look at.
    static func scan(_ bytes: ByteView, at position: Int) -> (value: Self, end: Int)?
    /// The value to check against an allowed range.
    var number: Double { get }
    /// The value that the type has for `bound`: 0.1 lies within a range that ends at 0.1 in every precision.
    static func nearest(to bound: Double) -> Double
}

extension JSONElement {
    static func nearest(to bound: Double) -> Double { bound }

    @inline(__always)
    static func scan(_ bytes: ByteView, at position: Int) -> (value: Self, end: Int)? { nil }
}

/// BOOL: one byte, 0 or 1, and in JSON only `true` and `false`.
struct BoolElement: JSONElement {
    let byte: UInt8

    static func read(_ reader: inout JSONReader) throws(CodecError) -> BoolElement {
        if reader.consume(literal: "true") { return BoolElement(byte: 1) }
        if reader.consume(literal: "false") { return BoolElement(byte: 0) }
        throw reader.wrongKind("true or false")
    }

    var number: Double { Double(byte) }
}

/// FP16 by its bit pattern.
struct Float16Element: JSONElement {
    let bits: UInt16

    static func read(_ reader: inout JSONReader) throws(CodecError) -> Float16Element {
        guard let number = try reader.readFloatText() else { return Float16Element(bits: special(&reader)) }
        return Float16Element(bits: try reader.halfPattern(number, .float16, "FP16"))
    }

    private static func special(_ reader: inout JSONReader) -> UInt16 {
        let value = reader.lastSpecial
        return value.isNaN ? 0x7E00 : value > 0 ? 0x7C00 : 0xFC00
    }

    var number: Double { Double(Float16(bitPattern: bits)) }

    static func nearest(to bound: Double) -> Double { Double(Float16(bound)) }
}

/// BF16 by its bit pattern.
struct BFloat16Element: JSONElement {
    let bits: UInt16

    static func read(_ reader: inout JSONReader) throws(CodecError) -> BFloat16Element {
        guard let number = try reader.readFloatText() else {
            return BFloat16Element(bits: UInt16(Float(reader.lastSpecial).bitPattern >> 16))
        }
        return BFloat16Element(bits: try reader.halfPattern(number, .bfloat16, "BF16"))
    }

    var number: Double { Double(Float(bitPattern: UInt32(bits) << 16)) }

    static func nearest(to bound: Double) -> Double { nearestBFloat16(to: bound) }
}

/// The value of BF16 next to `number`.
package func nearestBFloat16(to number: Double) -> Double {
    guard number.isFinite, abs(number) < Double(Float.greatestFiniteMagnitude) else { return number }
    let bits = Float(number).bitPattern
    return Double(Float(bitPattern: (bits + 0x7FFF + bits >> 16 & 1) & 0xFFFF_0000))
}

extension Float: JSONElement {
    static func read(_ reader: inout JSONReader) throws(CodecError) -> Float {
        guard let number = try reader.readFloatText() else { return Float(reader.lastSpecial) }
        let value = number.float(reader.bytes)
        guard value.isFinite else { throw reader.doesNotFit(number, "FP32") }
        return value
    }

    @inline(__always)
    static func scan(_ bytes: ByteView, at position: Int) -> (value: Float, end: Int)? {
        guard let number = DecimalText.scan(bytes, at: position) else { return nil }
        let value = number.float(bytes)
        return value.isFinite ? (value, number.range.upperBound) : nil
    }

    var number: Double { Double(self) }

    static func nearest(to bound: Double) -> Double { Double(Float(bound)) }
}

extension Double: JSONElement {
    static func read(_ reader: inout JSONReader) throws(CodecError) -> Double {
        guard let number = try reader.readFloatText() else { return reader.lastSpecial }
        let value = number.double(reader.bytes)
        guard value.isFinite else { throw reader.doesNotFit(number, "FP64") }
        return value
    }

    @inline(__always)
    static func scan(_ bytes: ByteView, at position: Int) -> (value: Double, end: Int)? {
        guard let number = DecimalText.scan(bytes, at: position) else { return nil }
        let value = number.double(bytes)
        return value.isFinite ? (value, number.range.upperBound) : nil
    }

    var number: Double { self }
}

extension JSONElement where Self: FixedWidthInteger {
    static func read(_ reader: inout JSONReader) throws(CodecError) -> Self {
        reader.skipWhitespace()
        guard let number = DecimalText.scan(reader.bytes, at: reader.position) else {
            throw reader.wrongKind("an integer")
        }
        do throws(DecimalText.IntegerFault) {
            let value = try number.integer(reader.bytes, as: Self.self)
            reader.position = number.range.upperBound
            return value
        } catch {
            throw error == .notWhole ? reader.notWhole(number) : reader.doesNotFit(number, integerName)
        }
    }

    @inline(__always)
    static func scan(_ bytes: ByteView, at position: Int) -> (value: Self, end: Int)? {
        guard let number = DecimalText.scan(bytes, at: position),
            let value = try? number.integer(bytes, as: Self.self)
        else { return nil }
        return (value, number.range.upperBound)
    }

    private static var integerName: String { (isSigned ? "INT" : "UINT") + "\(bitWidth)" }

    var number: Double { Double(self) }
}

extension UInt8: JSONElement {}
extension UInt16: JSONElement {}
extension UInt32: JSONElement {}
extension UInt64: JSONElement {}
extension Int8: JSONElement {}
extension Int16: JSONElement {}
extension Int32: JSONElement {}
extension Int64: JSONElement {}

extension JSONReader {
    /// Reads an element: quickly where a plain number stands right here, else with a close look.
    @inline(__always)
    mutating func readElement<Element: JSONElement>(_: Element.Type) throws(CodecError) -> Element {
        if let found = Element.scan(bytes, at: position) {
            position = found.end
            return found.value
        }
        return try readUnusual(Element.self)
    }

    @inline(never)
    private mutating func readUnusual<Element: JSONElement>(_: Element.Type) throws(CodecError) -> Element {
        try Element.read(&self)
    }

    /// Reads a number for a floating-point tensor; `nil` when it was NaN or an infinity, then in ``lastSpecial``.
    @inline(__always)
    mutating func readFloatText() throws(CodecError) -> DecimalText? {
        skipWhitespace()
        if let number = DecimalText.scan(bytes, at: position) {
            position = number.range.upperBound
            return number
        }
        try readSpecial()
        return nil
    }

    /// NaN and the infinities: as strings, the way this server writes them, or bare, the way Python does.
    @inline(never)
    private mutating func readSpecial() throws(CodecError) {
        if consume(literal: "\"NaN\"") || consume(literal: "NaN") {
            lastSpecial = .nan
        } else if consume(literal: "\"Infinity\"") || consume(literal: "Infinity") {
            lastSpecial = .infinity
        } else if consume(literal: "\"-Infinity\"") || consume(literal: "-Infinity") {
            lastSpecial = -.infinity
        } else if takesNull, consume(literal: "null") {
            lastSpecial = .nan
        } else {
            throw wrongKind("a number")
        }
    }

    func halfPattern(_ number: DecimalText, _ format: NarrowFormat, _ name: String) throws(CodecError) -> UInt16 {
        let bits = number.narrowBits(bytes, format)
        guard bits < format.infinity else { throw doesNotFit(number, name) }
        return UInt16(bits) | (number.isNegative ? 1 << 15 : 0)
    }

    @inline(never)
    func doesNotFit(_ number: DecimalText, _ datatype: String) -> CodecError {
        CodecError(
            .range, "\(excerpt(number.range)) does not fit \(datatype)", offset: number.range.lowerBound)
    }

    @inline(never)
    func notWhole(_ number: DecimalText) -> CodecError {
        CodecError(
            .type, "expected an integer, found \(excerpt(number.range))", offset: number.range.lowerBound)
    }

    /// A number for a message, not longer than a line.
    private func excerpt(_ range: Range<Int>) -> String {
        range.count <= 40 ? bytes.text(range) : bytes.text(range.prefix(40)) + "…"
    }
}
