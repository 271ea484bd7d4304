// SPDX-License-Identifier: Apache-2.0

extension RowDecoder {
    /// Reads `{"name": values, …}`: each value is an input, or a column of one, without its shape.
    ///
    /// - Throws: ``CodecError``: `unknownName` for what is neither, unless other names are passed over.
    func readColumns(_ inputs: [TensorSpec], _ reader: inout JSONReader) throws(CodecError) -> [NamedTensor] {
        try reader.enterObject()
        var tensors: [NamedTensor] = []
        var names = NameSet()
        while let (name, offset) = try reader.nextName(after: &names) {
            guard let (datatype, declared, isNullable) = column(name, inputs) else {
                guard extra == .ignore else {
                    throw CodecError(
                        .unknownName, "the model has no input and no column \(quoted(name))", field: name,
                        offset: offset)
                }
                try reader.skipValue()
                continue
            }
            tensors.append(
                try located(field: name) { () throws(CodecError) in
                    reader.takesNull = isNullable
                    guard !declared.isEmpty else {
                        return NamedTensor(name, try reader.readScalar(datatype))
                    }
                    let shape = try reader.settledShape(declared)
                    return NamedTensor(name, try reader.readTensor(datatype, shape: shape))
                })
        }
        reader.takesNull = false
        return tensors
    }

    /// What the values of an input or a column are.
    private func column(
        _ name: String, _ inputs: [TensorSpec]
    ) -> (datatype: Datatype, declared: [Dimension], isNullable: Bool)? {
        let field = plan.names.index(of: name).map { plan.fields[$0] }
        if let spec = inputs.first(where: { $0.name == name }) {
            return (spec.datatype, spec.shape, field?.isNullable ?? false)
        }
        return field.map { ($0.datatype, [.symbolic("")] + $0.declared, $0.isNullable) }
    }

    /// Puts columns together into inputs: one tensor for each field, `[rows]` or `[rows, 1]`, followed by the field's own
    /// shape.
    ///
    /// Numbers may be of another type than the field's: they become the nearest value of a floating-point type, and must
    /// fit an integer type exactly. Nullable fields may lack their column.
    ///
    /// - Throws: ``CodecError`` that names the column.
    package func decode(columns: [NamedTensor]) throws(CodecError) -> DecodedRows {
        var byField = [Tensor?](repeating: nil, count: plan.fields.count)
        for column in columns {
            guard let index = plan.names.index(of: column.name) else {
                guard extra == .ignore else {
                    throw CodecError(
                        .unknownName, "the model has no field \(quoted(column.name))", field: column.name)
                }
                continue
            }
            guard byField[index] == nil else {
                throw CodecError(.duplicate, "the column is there twice", field: column.name)
            }
            byField[index] = column.tensor
        }
        guard let first = byField.lazy.compactMap(\.self).first, let rowCount = first.shape.first else {
            throw CodecError(.missing, "there is no column of the model", field: plan.fields.first?.name)
        }
        guard rowCount <= limits.maxRows else { throw CodecError(.limit, "more than \(limits.maxRows) rows") }
        var target = RowTarget(plan, limits: limits)
        for (index, field) in plan.fields.enumerated() {
            byField[index] = try located(field: field.name) { () throws(CodecError) in
                try prepared(byField[index], for: field, rowCount: rowCount)
            }
        }
        for row in 0..<rowCount {
            try target.beginRow()
            for (index, field) in plan.fields.enumerated() {
                guard let tensor = byField[index] else { continue }
                if row == 0, target.shape(of: index) == nil {
                    try target.settle(index, shape: Array(tensor.shape.dropFirst()))
                }
                copy(tensor, row: row, to: field, index, &target)
            }
        }
        return try target.finish()
    }

    /// A column in its field's type, checked; NaN or empty texts for one that is not there.
    private func prepared(
        _ tensor: Tensor?, for field: RowPlan.Field, rowCount: Int
    ) throws(CodecError) -> Tensor {
        guard let tensor else {
            guard field.isNullable, let count = field.count else {
                throw CodecError(.missing, "the column is missing")
            }
            let shape = [rowCount] + field.shape
            guard let all = elementCount(of: shape), all <= limits.maxElements else {
                throw CodecError(.limit, "the rows have more than \(limits.maxElements) elements")
            }
            guard let width = field.width else {
                return Tensor(strings: Array(repeating: "", count: rowCount * count), shape: shape)
            }
            let storage = TensorStorage(byteCount: rowCount * count * width)
            unsafe storage.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                unsafe fill(base, withNaN: field.datatype, count: rowCount * count)
            }
            return Tensor(field.datatype, shape: shape, storage: storage)
        }
        guard tensor.shape.first == rowCount else {
            throw CodecError(
                .shape, "the column has \(tensor.shape.first ?? 0) rows, the first one has \(rowCount)")
        }
        let inner = Array(tensor.shape.dropFirst())
        // A plain column of a table often comes as `[rows, 1]`.
        let isPlainColumn = field.isPlain && (inner.isEmpty || inner == [1])
        let fits =
            inner.count == field.declared.count
            && zip(field.declared, inner).allSatisfy { $0.size == nil || $0.size == $1 }
        guard isPlainColumn || fits else {
            let declared = "[rows" + field.declared.map { ", \($0)" }.joined() + "]"
            throw CodecError(.shape, "the model takes shape \(declared), the request says \(tensor.shape)")
        }
        let shaped = isPlainColumn ? tensor.reshaped(to: [rowCount]) : tensor
        let converted = try shaped.converted(to: field.datatype)
        if field.range != nil, converted.elementCount > 0 {
            // In storage of its own a column is aligned for its elements.
            let aligned = converted.inOwnStorage
            try unsafe aligned.storage.withUnsafeBytes { (bytes) throws(CodecError) in
                guard let base = bytes.baseAddress else { return }
                try unsafe check(field, aligned.elementCount, UnsafeMutableRawPointer(mutating: base))
            }
        }
        return converted
    }

    private func copy(
        _ tensor: Tensor, row: Int, to field: RowPlan.Field, _ index: Int, _ target: inout RowTarget
    ) {
        let count = tensor.shape.dropFirst().reduce(1, *)
        guard let width = field.width else {
            for element in 0..<count {
                unsafe tensor.withBytes(at: row * count + element) { unsafe target.set(field, element, text: $0) }
            }
            return
        }
        let address = unsafe target.address(of: field, width: width)
        let start = row * count * width
        unsafe tensor.storage.withUnsafeBytes { bytes in
            guard count > 0 else { return }
            unsafe UnsafeMutableRawBufferPointer(start: address, count: count * width)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count * width)]))
        }
    }
}

extension JSONReader {
    /// Reads one value, or an array of one, as a tensor without dimensions.
    fileprivate mutating func readScalar(_ datatype: Datatype) throws(CodecError) -> Tensor {
        let isArray = peek() == UInt8(ascii: "[")
        if isArray { return try readTensor(datatype, shape: [1]).reshaped(to: []) }
        guard let width = datatype.byteWidth else {
            var texts = TextElements()
            try readTextElement(into: &texts)
            return texts.tensor(shape: [])
        }
        let storage = TensorStorage(byteCount: width)
        skipWhitespace()
        try unsafe storage.withUnsafeMutableBytes { (bytes) throws(CodecError) in
            guard let base = bytes.baseAddress else { return }
            try unsafe readElement(datatype, to: base)
        }
        return Tensor(datatype, shape: [], storage: storage)
    }
}
