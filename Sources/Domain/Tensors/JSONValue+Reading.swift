// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Reads one document, strictly: no comments, no name twice, nothing behind it.
    ///
    /// A number without point and exponent that fits 64 bits is an integer; any other becomes the nearest `Double`.
    ///
    /// - Throws: ``CodecError``: `syntax`, `encoding`, `duplicate`, `limit`, or `range` for a number beyond `Double`.
    @unsafe package static func parse(
        _ body: UnsafeRawBufferPointer, limits: CodecLimits = .standard
    ) throws(CodecError) -> JSONValue {
        var reader = try unsafe JSONReader(checking: body, limits: limits)
        var valueCount = 0
        let value = try reader.readValue(counting: &valueCount, atMost: limits.maxElements)
        try reader.finish()
        return value
    }

    package static func parse(_ body: [UInt8], limits: CodecLimits = .standard) throws(CodecError) -> JSONValue {
        try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            try unsafe parse(UnsafeRawBufferPointer(bytes), limits: limits)
        }
    }

    package static func parse(_ text: String, limits: CodecLimits = .standard) throws(CodecError) -> JSONValue {
        try parse([UInt8](text.utf8), limits: limits)
    }
}

extension JSONReader {
    /// A reader over a body that is not larger than the limits allow.
    @unsafe init(checking body: UnsafeRawBufferPointer, limits: CodecLimits) throws(CodecError) {
        guard body.count <= limits.maxBodyBytes else {
            throw CodecError(.limit, "the body has \(body.count) bytes, at most \(limits.maxBodyBytes) are taken")
        }
        unsafe self.init(ByteView(body), limits: limits)
    }

    mutating func readValue(counting count: inout Int, atMost limit: Int) throws(CodecError) -> JSONValue {
        count += 1
        guard count <= limit else { throw CodecError(.limit, "more than \(limit) values", offset: position) }
        switch peek() {
        case UInt8(ascii: "{"): return try readObject(counting: &count, atMost: limit)
        case UInt8(ascii: "["):
            try enterArray()
            var values: [JSONValue] = []
            while try nextElement(isFirst: values.isEmpty) {
                values.append(try readValue(counting: &count, atMost: limit))
            }
            return .array(values)
        case UInt8(ascii: "\""): return .string(string(try readText()))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumberValue()
        default:
            if consume(literal: "null") { return .null }
            if consume(literal: "true") { return .bool(true) }
            if consume(literal: "false") { return .bool(false) }
            throw unexpected("a value")
        }
    }

    private mutating func readObject(
        counting count: inout Int, atMost limit: Int
    ) throws(CodecError) -> JSONValue {
        try enterObject()
        var members: [(name: String, value: JSONValue)] = []
        var names = NameSet()
        while let (name, _) = try nextName(after: &names) {
            members.append((name, try readValue(counting: &count, atMost: limit)))
        }
        return .object(members)
    }

    private mutating func readNumberValue() throws(CodecError) -> JSONValue {
        let number = try readNumber()
        if number.isWhole {
            if let value = try? number.integer(bytes, as: Int64.self) {
                // Only a Double knows a negative zero.
                return value == 0 && number.isNegative ? .double(-0.0) : .integer(value)
            }
            if let value = try? number.integer(bytes, as: UInt64.self) { return .unsigned(value) }
        }
        let value = number.double(bytes)
        guard value.isFinite else {
            throw CodecError(.range, "a number is too large for a Double", offset: number.range.lowerBound)
        }
        return .double(value)
    }

    /// Reads the object's next name and its colon, and adds it to `names`, those before it; `nil` when the object has
    /// ended.
    mutating func nextName(after names: inout NameSet) throws(CodecError) -> (name: String, offset: Int)? {
        guard let text = try nextName(isFirst: names.isEmpty) else { return nil }
        let name = string(text)
        guard names.insert(name) else { throw duplicate(text) }
        return (name, text.range.lowerBound)
    }

    /// The error for a name that its object already has.
    @inline(never)
    func duplicate(_ text: JSONText) -> CodecError {
        let name = string(text)
        return CodecError(
            .duplicate, "the name \(quoted(name)) occurs twice", field: name, offset: text.range.lowerBound)
    }
}

/// The names of one object so far. Small objects, nearly all of them, are searched; larger ones hashed, so that many
/// names cannot cost the square of their number.
struct NameSet {
    private var few: [ExactName] = []
    private var many: Set<ExactName> = []

    var isEmpty: Bool { few.isEmpty }

    /// Adds `name`, or gives `false` if it is there.
    mutating func insert(_ name: String) -> Bool {
        let name = ExactName(text: name)
        if many.isEmpty {
            guard !few.contains(name) else { return false }
            few.append(name)
            if few.count > 8 { many = Set(few) }
            return true
        }
        return many.insert(name).inserted
    }
}

/// A name from outside for a message: in quotes, and not longer than a line.
func quoted(_ name: String) -> String {
    name.utf8.count <= 80 ? "\"\(name)\"" : "\"\(name.prefix(40))…\""
}
