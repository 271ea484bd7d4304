// SPDX-License-Identifier: Apache-2.0

extension RowDecoder {
    /// Decodes CSV with a header. A field with dimensions has a column `name[i]` for each element, i counting in
    /// row-major order from 0. An empty cell is a missing value.
    ///
    /// Columns may come in any order. A nullable field may lack its columns.
    ///
    /// - Throws: ``CodecError``, with field and row; rows count from 0, the header not among them.
    @unsafe package func decode(csv body: UnsafeRawBufferPointer) throws(CodecError) -> DecodedRows {
        var reader = try unsafe CSVReader(checking: body, limits: limits)
        let columns = try CSVColumnPlan(header: try reader.readHeader(), plan, extra, limits)
        var target = RowTarget(plan, limits: limits)
        while !reader.isAtEnd {
            if columns.places.count > 1, reader.skipBlankLine() { continue }
            try target.beginRow()
            let row = target.rowCount - 1
            if row == 0 {
                for (field, shape) in columns.settledShapes { try target.settle(field, shape: shape) }
            }
            for field in columns.incompleteFields { fillWithNaN(plan.fields[field], field, target) }
            try reader.readRecord(row: row, columnCount: columns.places.count) {
                (reader, column, cell) throws(CodecError) in
                guard let place = columns.places[column] else { return }
                try located(field: plan.fields[place.field].name, row: row) { () throws(CodecError) in
                    try store(cell, reader, plan.fields[place.field], place.element, &target)
                }
            }
        }
        return try target.finish()
    }

    private func store(
        _ cell: CSVReader.Cell, _ reader: CSVReader, _ field: RowPlan.Field, _ element: Int, _ target: inout RowTarget
    ) throws(CodecError) {
        guard let width = field.width else {
            guard !cell.isMissing || field.isNullable else { throw CodecError(.missing, "the cell is empty") }
            if cell.isMissing {
                unsafe target.set(field, element, text: UnsafeRawBufferPointer(start: nil, count: 0))
            } else if cell.hasDoubledQuotes {
                unsafe reader.unquoted(cell).withUnsafeBytes { unsafe target.set(field, element, text: $0) }
            } else {
                unsafe target.set(field, element, text: reader.bytes.buffer(cell.range))
            }
            return
        }
        let address = unsafe target.address(of: field, width: width) + element * width
        if cell.isMissing {
            guard field.isNullable else { throw CodecError(.missing, "the cell is empty") }
            return unsafe fill(address, withNaN: field.datatype, count: 1)
        }
        try unsafe CSVElement(reader.bytes, cell.range).store(field.datatype, to: address)
        if field.range != nil { try unsafe check(field, 1, address) }
    }

    private func fillWithNaN(_ field: RowPlan.Field, _ index: Int, _ target: RowTarget) {
        guard let width = field.width else { return }
        let count = target.shape(of: index).flatMap { elementCount(of: $0) } ?? 0
        unsafe fill(target.address(of: field, width: width), withNaN: field.datatype, count: count)
    }
}

/// Where each column of a CSV body goes.
struct CSVColumnPlan {
    struct Place {
        let field: Int
        let element: Int
    }

    /// By column; `nil` for a column to be ignored.
    let places: [Place?]
    /// Shapes of fields that the header decides.
    let settledShapes: [(field: Int, shape: Shape)]
    /// Nullable fields that some columns are missing of.
    let incompleteFields: [Int]

    init(
        header: [String], _ plan: RowPlan, _ extra: RowDecoder.ExtraFields, _ limits: CodecLimits
    ) throws(CodecError) {
        var places: [Place?] = []
        var names = NameSet()
        var columnCounts = [Int](repeating: 0, count: plan.fields.count)
        var highest = [Int](repeating: -1, count: plan.fields.count)
        for name in header {
            guard names.insert(name) else {
                throw CodecError(.duplicate, "the column \(quoted(name)) occurs twice", field: name)
            }
            let place = Self.place(of: name, plan, limits)
            guard place != nil || extra == .ignore else {
                throw CodecError(.unknownName, "the model has no field \(quoted(name))", field: name)
            }
            places.append(place)
            guard let place else { continue }
            columnCounts[place.field] += 1
            highest[place.field] = max(highest[place.field], place.element)
        }
        var settledShapes: [(field: Int, shape: Shape)] = []
        var incompleteFields: [Int] = []
        for (index, field) in plan.fields.enumerated() {
            // Without a fixed count, the highest column tells, and all below it must be there.
            let count = field.count ?? highest[index] + 1
            if field.count == nil {
                guard count > 0, let shape = solvedShape(field.declared, elementCount: count) else {
                    throw CodecError(.shape, "\(count) columns do not tell the field's shape", field: field.name)
                }
                settledShapes.append((index, shape))
            }
            guard columnCounts[index] < count else { continue }
            guard field.isNullable else {
                let missing = "\(count - columnCounts[index]) of \(count) columns are missing"
                throw CodecError(.missing, field.isPlain ? "the column is missing" : missing, field: field.name)
            }
            incompleteFields.append(index)
        }
        self.places = places
        self.settledShapes = settledShapes
        self.incompleteFields = incompleteFields
    }

    /// `name` for a plain field, `name[i]` for element i of one with dimensions.
    private static func place(of name: String, _ plan: RowPlan, _ limits: CodecLimits) -> Place? {
        if let field = plan.names.index(of: name), plan.fields[field].isPlain {
            return Place(field: field, element: 0)
        }
        guard name.utf8.last == UInt8(ascii: "]"), let bracket = name.utf8.lastIndex(of: UInt8(ascii: "[")) else {
            return nil
        }
        let digits = name[name.utf8.index(after: bracket)...].dropLast()
        guard let element = Int(digits), String(element) == digits, element >= 0,
            let field = plan.names.index(of: String(name[..<bracket])), !plan.fields[field].isPlain,
            element < plan.fields[field].count ?? limits.maxTensors
        else { return nil }
        return Place(field: field, element: element)
    }
}
