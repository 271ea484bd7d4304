// SPDX-License-Identifier: Apache-2.0

/// What a CSV cell says, as an element of a fixed-width type.
///
/// Cells have no types, so more spellings are taken than in JSON: white space around a value, `+1`, `.5`, `1.`, `007`;
/// `nan`, `inf` and `infinity` in any case; `true`, `false`, `1` and `0` for BOOL.
struct CSVElement {
    private let bytes: ByteView
    private let range: Range<Int>

    init(_ bytes: ByteView, _ range: Range<Int>) {
        self.bytes = bytes
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        self.range = start..<end
    }

    /// The number that the whole cell is.
    var number: DecimalText? {
        guard let number = DecimalText.scan(bytes, at: range.lowerBound, grammar: .relaxed),
            number.range.upperBound == range.upperBound
        else { return nil }
        return number
    }

    /// NaN or an infinity.
    var special: Double? {
        guard (3...9).contains(range.count) else { return nil }
        switch bytes.text(range).lowercased() {
        case "nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: return nil
        }
    }

    var bool: Bool? {
        guard range.count == 4 || range.count == 5 else { return nil }
        switch bytes.text(range).lowercased() {
        case "true": return true
        case "false": return false
        default: return nil
        }
    }

    /// Writes the cell's value to `address`.
    @unsafe func store(_ datatype: Datatype, to address: UnsafeMutableRawPointer) throws(CodecError) {
        switch datatype {
        case .bool: unsafe address.storeBytes(of: try flag(), as: UInt8.self)
        case .uint8: unsafe address.storeBytes(of: try integer(datatype), as: UInt8.self)
        case .uint16: unsafe address.storeBytes(of: try integer(datatype), as: UInt16.self)
        case .uint32: unsafe address.storeBytes(of: try integer(datatype), as: UInt32.self)
        case .uint64: unsafe address.storeBytes(of: try integer(datatype), as: UInt64.self)
        case .int8: unsafe address.storeBytes(of: try integer(datatype), as: Int8.self)
        case .int16: unsafe address.storeBytes(of: try integer(datatype), as: Int16.self)
        case .int32: unsafe address.storeBytes(of: try integer(datatype), as: Int32.self)
        case .int64: unsafe address.storeBytes(of: try integer(datatype), as: Int64.self)
        case .float16: unsafe address.storeBytes(of: try half(.float16, datatype), as: UInt16.self)
        case .bfloat16: unsafe address.storeBytes(of: try half(.bfloat16, datatype), as: UInt16.self)
        case .float32:
            guard let number else { return unsafe address.storeBytes(of: Float(try needSpecial()), as: Float.self) }
            let value = number.float(bytes)
            guard value.isFinite else { throw doesNotFit(datatype) }
            unsafe address.storeBytes(of: value, as: Float.self)
        case .float64:
            guard let number else { return unsafe address.storeBytes(of: try needSpecial(), as: Double.self) }
            let value = number.double(bytes)
            guard value.isFinite else { throw doesNotFit(datatype) }
            unsafe address.storeBytes(of: value, as: Double.self)
        case .bytes: preconditionFailure("BYTES have no fixed width")
        }
    }

    private func flag() throws(CodecError) -> UInt8 {
        if let bool { return bool ? 1 : 0 }
        if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "1") { return 1 }
        if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "0") { return 0 }
        throw wrongKind("true or false")
    }

    private func integer<Integer: FixedWidthInteger>(_ datatype: Datatype) throws(CodecError) -> Integer {
        guard let number else { throw wrongKind("an integer") }
        do throws(DecimalText.IntegerFault) {
            return try number.integer(bytes, as: Integer.self)
        } catch {
            throw error == .notWhole ? wrongKind("an integer") : doesNotFit(datatype)
        }
    }

    private func half(_ format: NarrowFormat, _ datatype: Datatype) throws(CodecError) -> UInt16 {
        guard let number else {
            let value = try needSpecial()
            let infinity = UInt16(format.infinity)
            return value.isNaN
                ? infinity | 1 << UInt16(format.significandBits - 1) : value > 0 ? infinity : infinity | 1 << 15
        }
        let bits = number.narrowBits(bytes, format)
        guard bits < format.infinity else { throw doesNotFit(datatype) }
        return UInt16(bits) | (number.isNegative ? 1 << 15 : 0)
    }

    private func needSpecial() throws(CodecError) -> Double {
        guard let special else { throw wrongKind("a number") }
        return special
    }

    private func wrongKind(_ expected: String) -> CodecError {
        CodecError(.type, "expected \(expected), found \(quoted(bytes.text(range)))", offset: range.lowerBound)
    }

    private func doesNotFit(_ datatype: Datatype) -> CodecError {
        CodecError(.range, "\(quoted(bytes.text(range))) does not fit \(datatype.rawValue)", offset: range.lowerBound)
    }
}
