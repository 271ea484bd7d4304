// SPDX-License-Identifier: Apache-2.0

/// The inputs of a request while rows fill them.
@safe struct RowTarget {
    private let plan: RowPlan
    private let limits: CodecLimits
    private(set) var rowCount = 0
    /// Rows that there is room for, in every input alike.
    private var capacity = 1
    private var storages: [TensorStorage?]
    private var texts: [TextRows?]
    /// Elements in a row of each input; `nil` until the first row has told.
    private var rowElementCounts: [Int?]
    /// The shape that the first row gave to each field whose shape is not fixed.
    private var fieldShapes: [Shape?]

    init(_ plan: RowPlan, limits: CodecLimits) {
        self.plan = plan
        self.limits = limits
        storages = Array(repeating: nil, count: plan.inputs.count)
        texts = storages.map { _ in nil }
        rowElementCounts = plan.inputs.map(\.rowElementCount)
        fieldShapes = plan.fields.map { $0.count == nil ? nil : $0.shape }
    }

    // MARK: Rows

    mutating func beginRow() throws(CodecError) {
        guard rowCount < limits.maxRows else {
            throw CodecError(.limit, "more than \(limits.maxRows) rows", row: rowCount)
        }
        rowCount += 1
        if rowCount == 1 {
            var rowElements = 0
            for (input, count) in rowElementCounts.enumerated() {
                guard let count else { continue }
                guard count <= limits.maxElements - rowElements else { throw tooManyElements }
                rowElements += count
                try makeRoom(input, rowElementCount: count)
            }
        } else if rowCount > capacity {
            try grow()
        }
    }

    private mutating func makeRoom(_ input: Int, rowElementCount count: Int) throws(CodecError) {
        guard count <= limits.maxElements else { throw tooManyElements }
        if let width = plan.inputs[input].width {
            storages[input] = TensorStorage(byteCount: count * width)
        } else {
            texts[input] = TextRows(rowElementCount: count)
        }
    }

    /// Doubles the room. All inputs together stay within the limit for elements, so that short rows of a large layout,
    /// all of it missing, cannot ask for more memory than long ones.
    private mutating func grow() throws(CodecError) {
        var rowElements = 0
        for count in rowElementCounts { rowElements += count ?? 0 }
        let mostRows = limits.maxElements / max(rowElements, 1)
        guard rowCount <= mostRows else { throw tooManyElements }
        capacity = min(max(capacity * 2, 8), max(mostRows, rowCount))
        for (index, storage) in storages.enumerated() {
            guard let storage, let count = rowElementCounts[index] else { continue }
            let width = plan.inputs[index].width ?? 0
            let larger = TensorStorage(byteCount: capacity * count * width)
            unsafe larger.mutableBase.copyMemory(from: storage.mutableBase, byteCount: storage.byteCount)
            storages[index] = larger
        }
    }

    private var tooManyElements: CodecError {
        CodecError(.limit, "the rows have more than \(limits.maxElements) elements", row: max(rowCount - 1, 0))
    }

    // MARK: Fields

    /// The field's shape, or `nil` as long as no row has told.
    func shape(of field: Int) -> Shape? { fieldShapes[field] }

    /// Settles the shape of a field that the first row decides.
    mutating func settle(_ field: Int, shape: Shape) throws(CodecError) {
        guard let count = elementCount(of: shape), count <= limits.maxElements else { throw tooManyElements }
        fieldShapes[field] = shape
        let input = plan.fields[field].input
        rowElementCounts[input] = count
        try makeRoom(input, rowElementCount: count)
    }

    /// Where the current row's elements of a fixed-width field begin.
    ///
    /// - Precondition: the field's shape is known.
    @inline(__always)
    @unsafe func address(of field: RowPlan.Field, width: Int) -> UnsafeMutableRawPointer {
        guard let storage = storages[field.input], let count = rowElementCounts[field.input] else {
            preconditionFailure("the shape of \(field.name) is not settled")
        }
        let offset = ((rowCount &- 1) &* count &+ field.offset) &* width
        precondition(offset >= 0 && offset <= storage.byteCount)
        return unsafe storage.mutableBase + offset
    }

    /// Sets element `index` of a BYTES field in the current row.
    @unsafe mutating func set(_ field: RowPlan.Field, _ index: Int, text: UnsafeRawBufferPointer) {
        unsafe texts[field.input]?.set(row: rowCount - 1, element: field.offset + index, text)
    }

    // MARK: The end

    /// The rows as tensors.
    mutating func finish() throws(CodecError) -> DecodedRows {
        guard rowCount > 0 else { throw CodecError(.shape, "there are no rows") }
        var tensors: [Tensor] = []
        tensors.reserveCapacity(plan.inputs.count)
        for (index, input) in plan.inputs.enumerated() {
            if let required = input.requiredRows, required != rowCount {
                throw CodecError(
                    .shape, "the model takes \(required) rows at a time, found \(rowCount)", field: input.spec.name)
            }
            tensors.append(try tensor(index, input))
        }
        return DecodedRows(inputs: tensors, rowCount: rowCount)
    }

    private func tensor(_ index: Int, _ input: RowPlan.Input) throws(CodecError) -> Tensor {
        guard let count = rowElementCounts[index],
            let inner = input.innerShape
                ?? innerShape(of: input.spec, elementCount: count, field: fieldShapes[input.firstField] ?? [])
        else {
            throw CodecError(
                .shape, "\(rowElementCounts[index] ?? 0) elements a row do not fit \(input.spec.shapeDescription)",
                field: input.spec.name)
        }
        let shape = input.spec.shape.isEmpty ? [] : [rowCount] + inner
        // A row of no elements may still have dimensions that cannot be multiplied with the number of rows.
        guard elementCount(of: shape) != nil else { throw tooManyElements }
        if let texts = texts[index] { return texts.tensor(rowCount: rowCount, shape: shape) }
        guard let storage = storages[index], let width = input.width else {
            preconditionFailure("no room was made for \(input.spec.name)")
        }
        storage.shrink(to: rowCount * count * width)
        return Tensor(input.spec.datatype, shape: shape, storage: storage)
    }
}

/// BYTES elements of rows, in whatever order the fields of a row come.
private struct TextRows {
    private let rowElementCount: Int
    private let writer = ByteWriter(capacity: 256)
    private var ranges: [Range<Int>] = []

    init(rowElementCount: Int) { self.rowElementCount = rowElementCount }

    @unsafe mutating func set(row: Int, element: Int, _ text: UnsafeRawBufferPointer) {
        let missing = (row + 1) * rowElementCount - ranges.count
        if missing > 0 { ranges.append(contentsOf: repeatElement(0..<0, count: missing)) }
        let start = writer.count
        unsafe writer.append(text)
        ranges[row * rowElementCount + element] = start..<writer.count
    }

    func tensor(rowCount: Int, shape: Shape) -> Tensor {
        var elements = TextElements()
        unsafe writer.withUnsafeBytes { bytes in
            for range in ranges { unsafe elements.append(UnsafeRawBufferPointer(rebasing: bytes[range])) }
        }
        for _ in ranges.count..<(rowCount * rowElementCount) {
            unsafe elements.append(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return elements.tensor(shape: shape)
    }
}
