// SPDX-License-Identifier: Apache-2.0

/// Reads Universal Binary JSON, draft 12, as XGBoost writes it: big-endian numbers, and lists of one type without its marker
/// before each element.
///
/// Never reads past the end, and reserves no more than what is there could hold.
struct UBJSONReader {
    private static let depthLimit = 64
    private let bytes: [UInt8]
    private var position = 0

    /// - Throws: ``ForestFault`` for what is no such document.
    static func read(_ bytes: [UInt8]) throws(ForestFault) -> ModelDocument {
        var reader = UBJSONReader(bytes: bytes)
        return try reader.value(of: try reader.marker(), depth: 0)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func marker() throws(ForestFault) -> UInt8 {
        while true {
            let byte = try next()
            // “N” is a value of nothing.
            if byte != UInt8(ascii: "N") { return byte }
        }
    }

    private mutating func next() throws(ForestFault) -> UInt8 {
        guard position < bytes.count else { throw ForestFault("it ends in the middle") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func bits(_ width: Int) throws(ForestFault) -> UInt64 {
        guard bytes.count - position >= width else { throw ForestFault("it ends in the middle") }
        var value: UInt64 = 0
        for index in position..<position + width { value = value << 8 | UInt64(bytes[index]) }
        position += width
        return value
    }

    private static func width(of marker: UInt8) -> Int? {
        switch marker {
        case UInt8(ascii: "i"), UInt8(ascii: "U"): 1
        case UInt8(ascii: "I"): 2
        case UInt8(ascii: "l"), UInt8(ascii: "d"): 4
        case UInt8(ascii: "L"), UInt8(ascii: "D"): 8
        default: nil
        }
    }

    private mutating func integer(of marker: UInt8) throws(ForestFault) -> Int64 {
        switch marker {
        case UInt8(ascii: "i"): Int64(Int8(truncatingIfNeeded: try bits(1)))
        case UInt8(ascii: "U"): Int64(try bits(1))
        case UInt8(ascii: "I"): Int64(Int16(truncatingIfNeeded: try bits(2)))
        case UInt8(ascii: "l"): Int64(Int32(truncatingIfNeeded: try bits(4)))
        case UInt8(ascii: "L"): Int64(bitPattern: try bits(8))
        default: throw ForestFault("a number has the type \(marker)")
        }
    }

    private mutating func length() throws(ForestFault) -> Int {
        let length = try integer(of: try marker())
        guard length >= 0, length <= Int64(bytes.count) else { throw ForestFault("something has the length \(length)") }
        return Int(length)
    }

    private mutating func text() throws(ForestFault) -> String {
        let length = try length()
        guard bytes.count - position >= length else { throw ForestFault("it ends in the middle") }
        defer { position += length }
        return String(decoding: bytes[position..<position + length], as: UTF8.self)
    }

    private mutating func value(of marker: UInt8, depth: Int) throws(ForestFault) -> ModelDocument {
        guard depth < Self.depthLimit else { throw ForestFault("it is nested deeper than \(Self.depthLimit)") }
        switch marker {
        case UInt8(ascii: "Z"): return .null
        case UInt8(ascii: "T"): return .flag(true)
        case UInt8(ascii: "F"): return .flag(false)
        case UInt8(ascii: "S"): return .text(try text())
        case UInt8(ascii: "C"): return .text(String(decoding: [try next()], as: UTF8.self))
        case UInt8(ascii: "d"): return .number(Double(Float(bitPattern: UInt32(try bits(4)))))
        case UInt8(ascii: "D"): return .number(Double(bitPattern: try bits(8)))
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "{"): return try object(depth: depth)
        default: return .number(Double(try integer(of: marker)))
        }
    }

    /// The type that all elements have, and how many there are, where a list or an object says so first.
    private mutating func heading() throws(ForestFault) -> (type: UInt8?, count: Int?) {
        guard position < bytes.count else { throw ForestFault("it ends in the middle") }
        var type: UInt8?
        if bytes[position] == UInt8(ascii: "$") {
            position += 1
            type = try next()
        }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "#") else {
            guard type == nil else { throw ForestFault("a list has a type and no length") }
            return (nil, nil)
        }
        position += 1
        return (type, try length())
    }

    private mutating func list(depth: Int) throws(ForestFault) -> ModelDocument {
        let (type, count) = try heading()
        if let type, let count, let width = Self.width(of: type) {
            guard (bytes.count - position) / width >= count else { throw ForestFault("it ends in the middle") }
            return try numbers(of: type, count)
        }
        var elements: [ModelDocument] = []
        var plain: [Double] = []
        while true {
            if let count {
                if elements.count + plain.count == count { break }
            } else if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
                position += 1
                break
            }
            let kind = if let type { type } else { try marker() }
            let element = try value(of: kind, depth: depth + 1)
            if elements.isEmpty, case .number(let number) = element {
                plain.append(number)
            } else {
                elements += plain.map(ModelDocument.number)
                plain = []
                elements.append(element)
            }
            // Without this a list of values of no bytes could be of any length.
            guard elements.count + plain.count <= bytes.count else {
                throw ForestFault("a list is longer than the file")
            }
        }
        return elements.isEmpty ? .numbers(plain) : .list(elements)
    }

    private mutating func numbers(of type: UInt8, _ count: Int) throws(ForestFault) -> ModelDocument {
        switch type {
        case UInt8(ascii: "d"):
            return .singles(words(count) { Float(bitPattern: UInt32(bigEndian: $0)) })
        case UInt8(ascii: "l"):
            return .integers(words(count) { Int64(Int32(bigEndian: $0)) })
        case UInt8(ascii: "D"):
            var values: [Double] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(Double(bitPattern: try bits(8))) }
            return .numbers(values)
        default:
            var values: [Int64] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try integer(of: type)) }
            return .integers(values)
        }
    }

    /// Reads words that are known to be there.
    @inline(__always)
    private mutating func words<Word: BitwiseCopyable, Value>(_ count: Int, _ convert: (Word) -> Value) -> [Value] {
        let width = MemoryLayout<Word>.size
        let values = unsafe bytes[position..<position + count * width].withUnsafeBytes { words in
            (0..<count).map { unsafe convert(words.loadUnaligned(fromByteOffset: $0 * width, as: Word.self)) }
        }
        position += count * width
        return values
    }

    private mutating func object(depth: Int) throws(ForestFault) -> ModelDocument {
        let (type, count) = try heading()
        var members: [String: ModelDocument] = [:]
        var read = 0
        while true {
            if let count {
                if read == count { return .object(members) }
            } else if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
                position += 1
                return .object(members)
            }
            let name = try text()
            let kind = if let type { type } else { try marker() }
            members[name] = try value(of: kind, depth: depth + 1)
            read += 1
        }
    }
}
