// SPDX-License-Identifier: Apache-2.0

/// One named value of a row, and where it lies in the inputs.
///
/// A model with one matrix of 30 columns has 30 fields of one element each in input 0, at offsets 0 to 29. A model with
/// one input a column has one field an input, at offset 0. An image is one field that fills its input.
package struct RowField: Sendable, Hashable {
    package let name: String
    /// Index of the input in the layout's ``RowLayout/inputs``.
    package let input: Int
    /// First element inside the input's row.
    package let offset: Int
    /// The field's own shape, without the batch: `[]` for a plain value, `[1, 8, 8]` for an image.
    package let shape: [Dimension]
    /// Whether `null`, or leaving the field out, stands for a missing value (NaN). Floating-point fields only.
    package let isNullable: Bool
    /// The values that are allowed, ends included.
    package let range: ClosedRange<Double>?

    package init(
        name: String, input: Int, offset: Int, shape: [Dimension] = [], isNullable: Bool = false,
        range: ClosedRange<Double>? = nil
    ) {
        self.name = name
        self.input = input
        self.offset = offset
        self.shape = shape
        self.isNullable = isNullable
        self.range = range
    }
}

/// How rows of named values become input tensors.
///
/// An input's leading dimension counts rows when it is symbolic. Fields of an input lie in order without gaps, and
/// together fill one row of it.
package struct RowLayout: Sendable, Hashable {
    package let inputs: [TensorSpec]
    package let fields: [RowField]

    package init(inputs: [TensorSpec], fields: [RowField]) {
        self.inputs = inputs
        self.fields = fields
    }
}

/// A tensor with the name it has in a request or a reply.
package struct NamedTensor: Sendable {
    package let name: String
    package let tensor: Tensor

    package init(_ name: String, _ tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}

/// What a decoder found wrong with bytes from outside: which rule, and where.
package struct CodecError: Error, Equatable, Sendable {
    package enum Rule: String, Sendable, CaseIterable {
        /// Not JSON, CSV or binary framing at all, or cut short.
        case syntax
        /// Deeper, longer or larger than the limits allow.
        case limit
        /// A name that is not known here.
        case unknownName
        /// A name that is needed and is not there.
        case missing
        /// The same name twice.
        case duplicate
        /// A value of another kind than the datatype asks for.
        case type
        /// A number that does not fit the datatype, or lies outside the allowed range.
        case range
        /// A shape, count or size that does not agree with the others.
        case shape
        /// Text that is not UTF-8.
        case encoding
        /// An option that is not honoured here.
        case unsupported
    }

    package let rule: Rule
    /// One sentence: what was expected and what came. Never contains a whole payload.
    package let message: String
    /// The input, column or key concerned.
    package let field: String?
    /// The row concerned, counted from 0.
    package let row: Int?
    /// Byte offset in the body, counted from 0.
    package let offset: Int?

    package init(_ rule: Rule, _ message: String, field: String? = nil, row: Int? = nil, offset: Int? = nil) {
        self.rule = rule
        self.message = message
        self.field = field
        self.row = row
        self.offset = offset
    }
}
