// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

extension Signature {
    /// The engine's inputs and outputs, with the columns that the project declares for them.
    ///
    /// Columns name either the inputs themselves or the values of the model's only matrix, in order.
    ///
    /// - Throws: `PRJ-003` that says what the model has.
    init(inputs: [TensorSpec], outputs: [TensorSpec], columns: [ProjectFile.Column]?) throws(Refusal) {
        let plain = Signature(inputs: inputs, outputs: outputs)
        guard let columns else {
            self = plain
            return
        }
        let fields: [RowField]
        if Set(columns.map(\.name)) == Set(inputs.map(\.name)) {
            fields = try columns.map { column throws(Refusal) in
                guard let field = plain.layout.fields.first(where: { $0.name == column.name }) else {
                    throw Self.mismatch("“\(column.name)” is no input")
                }
                return try RowField(column, input: field.input, offset: 0, shape: field.shape, of: inputs)
            }
        } else if inputs.count == 1, inputs[0].shape.count == 2 {
            let width = inputs[0].shape[1].size
            guard width == nil || width == columns.count else {
                throw Self.mismatch("“\(inputs[0].name)” has \(width ?? 0) columns, and \(columns.count) are declared")
            }
            fields = try columns.enumerated().map { index, column throws(Refusal) in
                try RowField(column, input: 0, offset: index, shape: [], of: inputs)
            }
        } else {
            throw Self.mismatch("its inputs are \(inputs.map(\.name).joined(separator: ", "))")
        }
        self.init(inputs: inputs, outputs: outputs, fields: fields)
    }

    private static func mismatch(_ reason: String) -> Refusal {
        Refusal(
            .wrongValue, .invalidInput, "“model.signature.columns” does not fit the model: \(reason).",
            hint: "Name every input once, or the columns of the one matrix in order.")
    }
}

extension RowField {
    fileprivate init(
        _ column: ProjectFile.Column, input: Int, offset: Int, shape: [Dimension], of inputs: [TensorSpec]
    ) throws(Refusal) {
        let datatype = inputs[input].datatype
        guard column.datatype == nil || column.datatype == datatype else {
            throw Refusal(
                .wrongValue, .invalidInput,
                "The column “\(column.name)” is declared \(column.datatype?.columnType ?? ""), and the model takes "
                    + "\(datatype.columnType).",
                hint: "Leave `type` out, or write what the model takes.")
        }
        guard !column.isNullable || datatype.canBeMissing else {
            throw Refusal(
                .wrongValue, .invalidInput,
                "The column “\(column.name)” is declared nullable, and \(datatype.columnType) has no missing value.",
                hint: "Only floating-point columns and texts can be nullable.")
        }
        self.init(
            name: column.name, input: input, offset: offset, shape: shape, isNullable: column.isNullable,
            range: column.range)
    }
}
