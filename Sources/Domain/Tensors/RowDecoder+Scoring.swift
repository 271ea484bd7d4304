// SPDX-License-Identifier: Apache-2.0

/// Where the rows of a scoring request stand.
package enum ScoringForm: String, Sendable, CaseIterable {
    /// Row by row: `[{…}, …]`, `[[…], …]`, or plain values.
    case instances
    /// Column by column, or input by input: `{"age": [39, 50]}`; a bare array for a model with one input.
    case inputs
    /// `{"columns": […], "data": [[…], …]}`
    case split = "dataframe_split"
    /// `[{…}, …]`
    case records = "dataframe_records"
}

/// A decoded scoring request.
package struct ScoringRequest: Sendable {
    package enum Content: Sendable {
        case rows(DecodedRows)
        /// One tensor for each name: an input, or a column of one.
        case named([NamedTensor])
    }

    package let form: ScoringForm
    package let content: Content
    /// What stands beside the rows, by its key.
    package let others: [(name: String, value: JSONValue)]
}

extension RowDecoder {
    /// Decodes an object that has the rows under one key, as the scoring servers of TensorFlow, KServe and MLflow take
    /// it.
    ///
    /// - Parameters:
    ///   - forms: The keys of rows that are taken; exactly one of them must be there.
    ///   - others: Other keys that are taken, with small values.
    ///   - inputs: The model's inputs, for rows that come input by input.
    /// - Throws: ``CodecError``, with field and row.
    @unsafe package func decode(
        scoring body: UnsafeRawBufferPointer, forms: [ScoringForm], others: [String], inputs: [TensorSpec]
    ) throws(CodecError) -> ScoringRequest {
        var reader = try unsafe JSONReader(checking: body, limits: limits)
        reader.takesBase64 = true
        guard reader.peek() == UInt8(ascii: "{") else { throw reader.wrongKind("an object") }
        try reader.enterObject()
        var found: (form: ScoringForm, content: ScoringRequest.Content)?
        var beside: [(name: String, value: JSONValue)] = []
        var names = NameSet()
        while let (name, offset) = try reader.nextName(after: &names) {
            if let form = ScoringForm(rawValue: name), forms.contains(form) {
                if let found {
                    throw CodecError(
                        .duplicate, "both \(found.form.rawValue) and \(name) are given; send one of them", field: name)
                }
                found = (form, try readContent(form, inputs, &reader))
            } else if others.contains(name) {
                var count = reader.parameterCount
                defer { reader.parameterCount = count }
                beside.append((name, try reader.readValue(counting: &count, atMost: limits.maxParameterValues)))
            } else {
                throw CodecError(
                    .unknownName, "this call takes \(list(forms)), and not \(quoted(name))", field: name,
                    offset: offset)
            }
        }
        try reader.finish()
        guard let found else { throw CodecError(.missing, "the body has no \(list(forms))") }
        return ScoringRequest(form: found.form, content: found.content, others: beside)
    }

    private func list(_ forms: [ScoringForm]) -> String { forms.map(\.rawValue).joined(separator: " or ") }

    private func readContent(
        _ form: ScoringForm, _ inputs: [TensorSpec], _ reader: inout JSONReader
    ) throws(CodecError) -> ScoringRequest.Content {
        switch form {
        case .instances, .records: return .rows(try readInstances(form, &reader))
        case .split: return .rows(try readSplit(&reader))
        case .inputs:
            if reader.peek() == UInt8(ascii: "{") { return .named(try readColumns(inputs, &reader)) }
            let holdsRows = reader.beginsArrayOfObjects
            guard inputs.count == 1 || holdsRows else {
                throw CodecError(
                    .type, "the model has \(inputs.count) inputs: give an object with a value for each",
                    field: form.rawValue)
            }
            return .rows(try readInstances(form, &reader))
        }
    }

    private func readInstances(
        _ form: ScoringForm, _ reader: inout JSONReader
    ) throws(CodecError) -> DecodedRows {
        guard reader.peek() == UInt8(ascii: "[") else {
            throw reader.wrongKind("an array of rows").located(field: form.rawValue)
        }
        return try readRows(&reader) { (rows, reader) throws(CodecError) in
            if form == .records {
                try rows.readRow(&reader)
            } else {
                try rows.readInstance(&reader)
            }
        }
    }

    private func readRows(
        _ reader: inout JSONReader,
        _ readRow: (inout JSONRowReader, inout JSONReader) throws(CodecError) -> Void
    ) throws(CodecError) -> DecodedRows {
        var rows = JSONRowReader(plan, extra: extra, limits: limits)
        try reader.enterArray()
        while try reader.nextElement(isFirst: rows.target.rowCount == 0) { try readRow(&rows, &reader) }
        reader.takesNull = false
        return try rows.target.finish()
    }

    // MARK: A table with its header

    private func readSplit(_ reader: inout JSONReader) throws(CodecError) -> DecodedRows {
        guard reader.peek() == UInt8(ascii: "{") else {
            throw reader.wrongKind("an object").located(field: ScoringForm.split.rawValue)
        }
        try reader.enterObject()
        var header: [String]?
        var data: Int?
        var names = NameSet()
        while let (name, _) = try reader.nextName(after: &names) {
            switch name {
            case "columns": header = try readHeader(&reader)
            case "data":
                _ = reader.peek()
                data = reader.position
                try reader.skipValue()
            case "index": try reader.skipValue()
            default:
                throw CodecError(
                    .unknownName, "dataframe_split has columns, data and index, and not \(quoted(name))", field: name)
            }
        }
        guard let header else { throw CodecError(.missing, "\"columns\" is missing", field: "columns") }
        guard let data else { throw CodecError(.missing, "\"data\" is missing", field: "data") }
        let end = reader.position
        reader.position = data
        let rows = try readTable(header, &reader)
        reader.position = end
        return rows
    }

    private func readHeader(_ reader: inout JSONReader) throws(CodecError) -> [String] {
        guard reader.peek() == UInt8(ascii: "[") else {
            throw reader.wrongKind("an array of names").located(field: "columns")
        }
        try reader.enterArray()
        var header: [String] = []
        while try reader.nextElement(isFirst: header.isEmpty) {
            guard header.count < limits.maxTensors else {
                throw CodecError(.limit, "more than \(limits.maxTensors) columns", field: "columns")
            }
            header.append(try located(field: "columns") { () throws(CodecError) in try reader.readName() })
        }
        return header
    }

    private func readTable(_ header: [String], _ reader: inout JSONReader) throws(CodecError) -> DecodedRows {
        var columns: [Int?] = []
        var isThere = [Bool](repeating: false, count: plan.fields.count)
        for name in header {
            let field = plan.names.index(of: name)
            guard field != nil || extra == .ignore else {
                throw CodecError(.unknownName, "the model has no field \(quoted(name))", field: name)
            }
            columns.append(field)
            guard let field else { continue }
            guard !isThere[field] else {
                throw CodecError(.duplicate, "the column \(quoted(name)) occurs twice", field: name)
            }
            isThere[field] = true
        }
        let absent = plan.fields.indices.filter { !isThere[$0] }
        for field in absent where !plan.fields[field].isNullable {
            throw CodecError(.missing, "the column is missing", field: plan.fields[field].name)
        }
        guard reader.peek() == UInt8(ascii: "[") else {
            throw reader.wrongKind("an array of rows").located(field: "data")
        }
        return try readRows(&reader) { (rows, reader) throws(CodecError) in
            try rows.readRow(columns: columns, absent: absent, &reader)
        }
    }
}

extension JSONReader {
    /// Whether an array begins here whose first element is an object.
    fileprivate var beginsArrayOfObjects: Bool {
        var probe = self
        return probe.consume(UInt8(ascii: "[")) && probe.peek() == UInt8(ascii: "{")
    }
}
