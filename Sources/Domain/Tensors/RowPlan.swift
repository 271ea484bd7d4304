// SPDX-License-Identifier: Apache-2.0

/// What a row decoder works out of its layout once.
struct RowPlan: Sendable {
    /// A class, because rows pass over fields so often that copying its texts and arrays would show.
    final class Field: Sendable {
        let name: String
        let input: Int
        let offset: Int
        let datatype: Datatype
        /// Bytes of one element; `nil` for BYTES.
        let width: Int?
        /// The field's shape; empty as long as rows decide it.
        let shape: Shape
        /// The field's elements; `nil` when rows decide.
        let count: Int?
        let declared: [Dimension]
        let isNullable: Bool
        let range: ClosedRange<Double>?

        var isPlain: Bool { declared.isEmpty }

        init(_ field: RowField, _ datatype: Datatype) throws(CodecError) {
            guard !field.isNullable || datatype.canBeMissing else {
                throw CodecError(.type, "only floating-point fields and texts can be missing", field: field.name)
            }
            let sizes = field.shape.compactMap(\.size)
            let isFixed = sizes.count == field.shape.count
            count = isFixed ? elementCount(of: sizes) : nil
            guard !isFixed || count != nil, sizes.allSatisfy({ $0 >= 0 }) else {
                throw CodecError(.shape, "the layout's shape has no countable size", field: field.name)
            }
            name = field.name
            input = field.input
            offset = field.offset
            self.datatype = datatype
            width = datatype.byteWidth
            shape = isFixed ? sizes : []
            declared = field.shape
            isNullable = field.isNullable
            range = field.range
        }
    }

    struct Input: Sendable {
        let spec: TensorSpec
        /// Bytes of one element; `nil` for BYTES.
        let width: Int?
        /// The first of its fields.
        let firstField: Int
        /// The shape of a row; `nil` when rows decide.
        let innerShape: Shape?
        /// Elements of a row; `nil` when rows decide.
        let rowElementCount: Int?
        /// The number of rows that its first dimension fixes.
        let requiredRows: Int?
    }

    let fields: [Field]
    let inputs: [Input]
    let names: FieldNames

    /// Checks that the layout is one that rows can fill.
    init(_ layout: RowLayout) throws(CodecError) {
        guard let names = FieldNames(layout.fields.map(\.name)) else {
            throw CodecError(.duplicate, "two fields of the layout have the same name")
        }
        self.names = names
        var fields: [Field] = []
        for field in layout.fields {
            guard layout.inputs.indices.contains(field.input) else {
                throw CodecError(.shape, "the layout has no input \(field.input)", field: field.name)
            }
            fields.append(try Field(field, layout.inputs[field.input].datatype))
        }
        self.fields = fields
        var inputs: [Input] = []
        for (index, spec) in layout.inputs.enumerated() {
            let own = fields.indices.filter { fields[$0].input == index }
            inputs.append(try Self.input(spec, own.map { fields[$0] }, firstField: own.first ?? 0))
        }
        self.inputs = inputs
    }

    /// Fields must lie in order without gaps, and fill the row; one that varies must be alone.
    private static func input(_ spec: TensorSpec, _ fields: [Field], firstField: Int) throws(CodecError) -> Input {
        let fault = CodecError(.shape, "the fields do not fill the input's rows", field: spec.name)
        var next: Int? = 0
        for field in fields {
            guard let start = next, field.offset == start, field.count != nil || fields.count == 1 else { throw fault }
            next = try field.count.map { count throws(CodecError) in
                let (end, overflows) = start.addingReportingOverflow(count)
                guard !overflows else { throw fault }
                return end
            }
        }
        guard let first = fields.first else { throw fault }
        let inner = next.flatMap { innerShape(of: spec, elementCount: $0, field: first.shape) }
        guard next == nil || inner != nil else { throw fault }
        return Input(
            spec: spec, width: spec.datatype.byteWidth, firstField: firstField, innerShape: inner,
            rowElementCount: next, requiredRows: spec.shape.isEmpty ? 1 : spec.shape.first?.size)
    }

}

/// The shape of one row of `spec`, its elements counted: the declared one with what is symbolic filled in.
///
/// - Parameter field: The shape of the only field, which decides where several dimensions are symbolic.
/// - Returns: `nil` when they do not agree.
func innerShape(of spec: TensorSpec, elementCount count: Int, field: Shape) -> Shape? {
    let declared = spec.shape.dropFirst()
    if field.count == declared.count, zip(declared, field).allSatisfy({ $0.size == nil || $0.size == $1 }),
        elementCount(of: field) == count
    {
        return field
    }
    return solvedShape(Array(declared), elementCount: count)
}

/// `declared` with its only symbolic dimension, if it has one, chosen so that there are `count` elements.
///
/// - Returns: `nil` when no choice does, or more than one dimension is symbolic.
func solvedShape(_ declared: [Dimension], elementCount count: Int) -> Shape? {
    guard let known = elementCount(of: declared.compactMap(\.size)) else { return nil }
    switch declared.count(where: { $0.size == nil }) {
    case 0: return known == count ? declared.compactMap(\.size) : nil
    case 1:
        guard known > 0, count % known == 0 else { return nil }
        return declared.map { $0.size ?? count / known }
    default: return nil
    }
}
