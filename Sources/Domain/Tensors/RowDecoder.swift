// SPDX-License-Identifier: Apache-2.0

/// Rows, decoded: one tensor for each input of the layout, in its order.
package struct DecodedRows: Sendable {
    package let inputs: [Tensor]
    package let rowCount: Int
}

/// Turns rows of named values into input tensors.
///
/// Make one for each layout and keep it: it is prepared once and may be used by many threads at the same time. Inputs
/// whose first dimension is symbolic are stacked over the rows; one that is fixed to n takes exactly n rows. A field
/// with symbolic dimensions takes its size from the first row, and later rows must agree.
package struct RowDecoder: Sendable {
    /// What becomes of names that the layout does not have.
    package enum ExtraFields: Sendable {
        case refuse
        case ignore
    }

    let plan: RowPlan
    let extra: ExtraFields
    let limits: CodecLimits

    /// - Throws: ``CodecError`` when no rows could fill the layout: fields with gaps between them, two of one name, one
    ///   with symbolic dimensions that does not fill its input, a nullable one that is not floating-point.
    package init(
        layout: RowLayout, extra: ExtraFields = .refuse, limits: CodecLimits = .standard
    ) throws(CodecError) {
        plan = try RowPlan(layout)
        self.extra = extra
        self.limits = limits
    }

    private init(_ plan: RowPlan, _ extra: ExtraFields, _ limits: CodecLimits) {
        self.plan = plan
        self.extra = extra
        self.limits = limits
    }

    /// The same decoder for callers whose rows may have more names than the layout.
    package var ignoringExtraFields: RowDecoder { RowDecoder(plan, .ignore, limits) }

    /// Decodes `[{…}, …]`, or `{…}` for a single row.
    ///
    /// The values of a field with dimensions are nested as its shape is, or flat. In a nullable field `null` stands for
    /// NaN, or for an empty text, as the whole value or as an element, and the field may be left out.
    ///
    /// - Throws: ``CodecError``, with field and row.
    @unsafe package func decode(json body: UnsafeRawBufferPointer) throws(CodecError) -> DecodedRows {
        var reader = try unsafe JSONReader(checking: body, limits: limits)
        var rows = JSONRowReader(plan, extra: extra, limits: limits)
        if reader.peek() == UInt8(ascii: "{") {
            try rows.readRow(&reader)
        } else {
            guard reader.peek() == UInt8(ascii: "[") else { throw reader.wrongKind("a row or an array of rows") }
            try reader.enterArray()
            while try reader.nextElement(isFirst: rows.target.rowCount == 0) { try rows.readRow(&reader) }
        }
        try reader.finish()
        return try rows.target.finish()
    }
}

/// Reads JSON rows into a target.
struct JSONRowReader {
    let plan: RowPlan
    private let extra: RowDecoder.ExtraFields
    var target: RowTarget
    /// The number of the last row, counted from 1, that had each field.
    private var lastSeen: [Int]

    init(_ plan: RowPlan, extra: RowDecoder.ExtraFields, limits: CodecLimits) {
        self.plan = plan
        self.extra = extra
        target = RowTarget(plan, limits: limits)
        lastSeen = Array(repeating: 0, count: plan.fields.count)
    }

    mutating func readRow(_ reader: inout JSONReader) throws(CodecError) {
        guard reader.peek() == UInt8(ascii: "{") else {
            throw reader.wrongKind("a row as an object").located(row: target.rowCount)
        }
        try target.beginRow()
        let row = target.rowCount
        do throws(CodecError) {
            try reader.enterObject()
            var seenCount = 0
            // Rows mostly come in the layout's order: then each name is compared once and nothing is looked up.
            var guess = 0
            var isFirst = true
            var others = NameSet()
            while true {
                let index: Int
                if try nextIsGuess(guess, &reader, isFirst: isFirst) {
                    index = guess
                } else {
                    guard let name = try reader.nextName(isFirst: true) else { break }
                    guard let found = try find(name, reader) else {
                        guard others.insert(reader.string(name)) else { throw reader.duplicate(name) }
                        try reader.skipValue()
                        isFirst = false
                        continue
                    }
                    index = found
                }
                isFirst = false
                guard lastSeen[index] != row else {
                    throw CodecError(.duplicate, "the field occurs twice", field: plan.fields[index].name)
                }
                lastSeen[index] = row
                seenCount += 1
                guess = index + 1
                try readField(index, &reader)
            }
            if seenCount < plan.fields.count { try fillMissing(row) }
        } catch {
            throw error.located(row: row - 1)
        }
    }

    /// Moves behind the comma, and over the name and colon of field `guess` if it is the next one.
    @inline(__always)
    private func nextIsGuess(
        _ guess: Int, _ reader: inout JSONReader, isFirst: Bool
    ) throws(CodecError) -> Bool {
        let byte = reader.peek()
        if byte == UInt8(ascii: "}") { return false }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else { throw reader.unexpected("',' or '}'") }
            reader.position &+= 1
            guard reader.peek() == UInt8(ascii: "\"") else { throw reader.unexpected("a name in quotes") }
        }
        guard plan.names.consume(guess, from: &reader) else { return false }
        guard reader.consume(UInt8(ascii: ":")) else { throw reader.unexpected("':'") }
        return true
    }

    /// The field of a name; `nil` for one that is to be ignored.
    private func find(_ name: JSONText, _ reader: borrowing JSONReader) throws(CodecError) -> Int? {
        let index =
            name.hasEscapes
            ? plan.names.index(of: reader.string(name))
            : unsafe plan.names.index(of: reader.bytes.buffer(name.range))
        if index == nil, extra == .refuse {
            let text = reader.string(name)
            throw CodecError(
                .unknownName, "the model has no field \(quoted(text))", field: text, offset: name.range.lowerBound)
        }
        return index
    }

    @inline(__always)
    mutating func readField(_ index: Int, _ reader: inout JSONReader) throws(CodecError) {
        let field = plan.fields[index]
        try located(field: field.name) { () throws(CodecError) in
            reader.takesNull = field.isNullable
            if field.isPlain, let width = field.width {
                let address = unsafe target.address(of: field, width: width)
                reader.skipWhitespace()
                try unsafe reader.readElement(field.datatype, to: address)
                if field.range != nil { try unsafe check(field, 1, address) }
            } else {
                try readWide(field, index, &reader)
            }
        }
    }

    /// Reads a field that has dimensions, or text.
    @inline(never)
    private mutating func readWide(
        _ field: RowPlan.Field, _ index: Int, _ reader: inout JSONReader
    ) throws(CodecError) {
        if field.isNullable, reader.consume(literal: "null") {
            return try fillMissing(field, index)
        }
        if target.shape(of: index) == nil {
            try target.settle(index, shape: try reader.settledShape(field.declared))
        }
        let shape = target.shape(of: index) ?? []
        let count = elementCount(of: shape) ?? 0
        if let width = field.width {
            let address = unsafe target.address(of: field, width: width)
            try unsafe reader.readElements(field.datatype, shape: shape, count: count, to: address)
            if field.range != nil { try unsafe check(field, count, address) }
            return
        }
        var texts = TextElements()
        if field.isPlain {
            try reader.readTextElement(into: &texts)
        } else {
            try reader.readTexts(shape: shape, count: count, into: &texts)
        }
        let tensor = texts.tensor(shape: [texts.count])
        for element in 0..<texts.count {
            unsafe tensor.withBytes(at: element) { unsafe target.set(field, element, text: $0) }
        }
    }

    private mutating func fillMissing(_ row: Int) throws(CodecError) {
        for (index, field) in plan.fields.enumerated() where lastSeen[index] != row {
            guard field.isNullable else {
                throw CodecError(.missing, "the field is missing", field: field.name)
            }
            try located(field: field.name) { () throws(CodecError) in try fillMissing(field, index) }
        }
    }

    /// NaN, or an empty text, for each element.
    mutating func fillMissing(_ field: RowPlan.Field, _ index: Int) throws(CodecError) {
        guard let shape = target.shape(of: index) else {
            throw CodecError(.missing, "the first row must have the field, for it decides its size")
        }
        guard let width = field.width else {
            let empty = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
            for element in 0..<(elementCount(of: shape) ?? 0) { unsafe target.set(field, element, text: empty) }
            return
        }
        let address = unsafe target.address(of: field, width: width)
        unsafe fill(address, withNaN: field.datatype, count: elementCount(of: shape) ?? 0)
    }
}

extension JSONReader {
    /// The shape of the array that begins here, as far as `declared` leaves it open.
    func settledShape(_ declared: [Dimension]) throws(CodecError) -> Shape {
        var probe = self
        guard probe.peek() == UInt8(ascii: "[") else { throw wrongKind("an array") }
        var counts: [Int] = []
        while counts.count < declared.count, probe.peek() == UInt8(ascii: "[") {
            var counting = probe
            try counting.enterArray()
            var count = 0
            while try counting.nextElement(isFirst: count == 0) {
                try counting.skipValue()
                count += 1
            }
            counts.append(count)
            guard count > 0 else { break }
            try probe.enterArray()
        }
        let isNested =
            counts.count == declared.count && zip(declared, counts).allSatisfy { $0.size == nil || $0.size == $1 }
        let solved = isNested ? counts : counts.count == 1 ? solvedShape(declared, elementCount: counts[0]) : nil
        guard let solved else {
            let expected = "[" + declared.map(\.description).joined(separator: ", ") + "]"
            throw CodecError(.shape, "an array of shape \(counts) does not fit \(expected)", offset: position)
        }
        return solved
    }
}
