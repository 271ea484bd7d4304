// SPDX-License-Identifier: Apache-2.0

/// What a JSON document becomes, without a ``JSONValue`` between: for large ones that are made of numbers mostly.
package protocol JSONBuilding {
    /// - Parameter scalar: `null`, a boolean, a number or a text.
    static func built(from scalar: JSONValue) -> Self
    /// - Parameter numbers: An array of nothing but numbers, each the nearest `Double`; or an empty one.
    static func built(from numbers: [Double]) -> Self
    static func built(from elements: [Self]) -> Self
    /// - Parameter members: In the document's order, no name twice.
    static func built(from members: [(name: String, value: Self)]) -> Self
}

extension JSONBuilding {
    /// Reads one document, as strictly as ``JSONValue/parse(_:limits:)-swift.type.method`` does.
    ///
    /// - Throws: ``CodecError``, of the same rules.
    package static func parse(_ body: [UInt8], limits: CodecLimits) throws(CodecError) -> Self {
        try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            var reader = try unsafe JSONReader(checking: UnsafeRawBufferPointer(bytes), limits: limits)
            var count = 0
            let value = try reader.build(Self.self, counting: &count)
            try reader.finish()
            return value
        }
    }
}

extension JSONReader {
    fileprivate mutating func build<Built: JSONBuilding>(
        _: Built.Type, counting count: inout Int
    ) throws(CodecError) -> Built {
        switch peek() {
        case UInt8(ascii: "["):
            try add(1, to: &count)
            return try buildArray(Built.self, counting: &count)
        case UInt8(ascii: "{"):
            try add(1, to: &count)
            try enterObject()
            var members: [(name: String, value: Built)] = []
            var names = NameSet()
            while let (name, _) = try nextName(after: &names) {
                members.append((name, try build(Built.self, counting: &count)))
            }
            return .built(from: members)
        default: return .built(from: try readValue(counting: &count, atMost: limits.maxElements))
        }
    }

    private mutating func buildArray<Built: JSONBuilding>(
        _: Built.Type, counting count: inout Int
    ) throws(CodecError) -> Built {
        try enterArray()
        let (numbers, isOver) = try readNumbers(counting: &count)
        if isOver { return .built(from: numbers) }
        var elements = numbers.map { Built.built(from: .double($0)) }
        repeat { elements.append(try build(Built.self, counting: &count)) } while try nextElement(isFirst: false)
        return .built(from: elements)
    }

    /// The numbers that an array begins with.
    ///
    /// - Returns: And whether the array is over; if not, an element of another kind stands next.
    private mutating func readNumbers(counting count: inout Int) throws(CodecError) -> ([Double], isOver: Bool) {
        var numbers: [Double] = []
        while try nextElement(isFirst: numbers.isEmpty) {
            let first = peek()
            guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else {
                try add(numbers.count, to: &count)
                return (numbers, false)
            }
            guard let found = Double.scan(bytes, at: position) else { throw notReadable() }
            position = found.end
            numbers.append(found.value)
        }
        try add(numbers.count, to: &count)
        return (numbers, true)
    }

    /// Why what begins like a number is none that fits.
    @inline(never)
    private func notReadable() -> CodecError {
        DecimalText.scan(bytes, at: position) == nil
            ? unexpected("a number") : CodecError(.range, "a number is too large for a Double", offset: position)
    }

    private func add(_ more: Int, to count: inout Int) throws(CodecError) {
        count += more
        guard count <= limits.maxElements else {
            throw CodecError(.limit, "more than \(limits.maxElements) values", offset: position)
        }
    }
}
