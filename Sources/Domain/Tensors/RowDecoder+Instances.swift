// SPDX-License-Identifier: Apache-2.0

extension JSONRowReader {
    /// Reads a row in any of the forms that scoring servers take: an object of named values, an array with one value for
    /// each field in the layout's order, or the value itself where the layout has a single field.
    mutating func readInstance(_ reader: inout JSONReader) throws(CodecError) {
        if plan.fields.count == 1 {
            guard reader.peek() == UInt8(ascii: "{"), !reader.beginsWithBase64(plan.fields[0]) else {
                return try readOnlyField(&reader)
            }
            return try readRow(&reader)
        }
        if reader.peek() == UInt8(ascii: "[") {
            try readPositional(&reader)
        } else {
            try readRow(&reader)
        }
    }

    private mutating func readOnlyField(_ reader: inout JSONReader) throws(CodecError) {
        try target.beginRow()
        try located(row: target.rowCount - 1) { () throws(CodecError) in
            guard plan.fields[0].isPlain, reader.peek() == UInt8(ascii: "[") else {
                return try readField(0, &reader)
            }
            try readList(&reader, count: 1) { (rows, index, reader) throws(CodecError) in
                try rows.readField(index, &reader)
            }
        }
    }

    private mutating func readPositional(_ reader: inout JSONReader) throws(CodecError) {
        try target.beginRow()
        try located(row: target.rowCount - 1) { () throws(CodecError) in
            try readList(&reader, count: plan.fields.count) { (rows, index, reader) throws(CodecError) in
                try rows.readField(index, &reader)
            }
        }
    }

    /// Reads a row of a table with columns of its own.
    ///
    /// - Parameter columns: The field of each column; `nil` for a column to be passed over.
    /// - Parameter absent: Nullable fields that no column is for.
    mutating func readRow(columns: [Int?], absent: [Int], _ reader: inout JSONReader) throws(CodecError) {
        guard reader.peek() == UInt8(ascii: "[") else {
            throw reader.wrongKind("a row as an array").located(row: target.rowCount)
        }
        try target.beginRow()
        try located(row: target.rowCount - 1) { () throws(CodecError) in
            try readList(&reader, count: columns.count) { (rows, column, reader) throws(CodecError) in
                if let field = columns[column] {
                    try rows.readField(field, &reader)
                } else {
                    try reader.skipValue()
                }
            }
            for field in absent {
                try located(field: plan.fields[field].name) { () throws(CodecError) in
                    try fillMissing(plan.fields[field], field)
                }
            }
        }
    }

    /// Reads an array of exactly `count` values.
    private mutating func readList(
        _ reader: inout JSONReader, count: Int,
        _ body: (inout JSONRowReader, Int, inout JSONReader) throws(CodecError) -> Void
    ) throws(CodecError) {
        try reader.enterArray()
        for index in 0..<count {
            guard try reader.nextElement(isFirst: index == 0) else {
                throw CodecError(.shape, "expected \(count) values, found \(index)", offset: reader.position)
            }
            try body(&self, index, &reader)
        }
        guard try !reader.nextElement(isFirst: count == 0) else {
            throw CodecError(.shape, "expected \(count) values, found more", offset: reader.position)
        }
    }
}

extension JSONReader {
    /// Whether the object that begins here is the bytes of a text field, rather than a row.
    fileprivate func beginsWithBase64(_ field: RowPlan.Field) -> Bool {
        guard takesBase64, field.datatype == .bytes, field.name != "b64" else { return false }
        var probe = self
        guard probe.consume(UInt8(ascii: "{")), probe.peek() == UInt8(ascii: "\""), let name = try? probe.readText()
        else { return false }
        return matches(name, "b64")
    }
}
