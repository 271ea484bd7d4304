// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// What a model takes and gives: names, types, shapes, and the columns that rows are written in.
package struct Signature: Sendable, Hashable {
    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    /// How rows of named values fill the inputs.
    package let layout: RowLayout
    /// Whether several rows can travel in one call.
    package let isBatched: Bool

    package init(inputs: [TensorSpec], outputs: [TensorSpec], fields: [RowField]) {
        self.inputs = inputs
        self.outputs = outputs
        layout = RowLayout(inputs: inputs, fields: fields)
        isBatched = !inputs.isEmpty && inputs.allSatisfy { $0.shape.first.map { $0.size == nil } ?? false }
    }

    /// A signature without named columns: every input is one field of its own name.
    package init(inputs: [TensorSpec], outputs: [TensorSpec]) {
        self.init(
            inputs: inputs, outputs: outputs,
            fields: inputs.enumerated().map { index, input in
                RowField(
                    name: input.name, input: index, offset: 0,
                    shape: input.isPlainColumn ? [] : Array(input.shape.dropFirst()))
            })
    }

    /// Some of the outputs as a row layout, so that recorded answers are read as rows are.
    package static func answerLayout(of outputs: [TensorSpec]) -> RowLayout {
        let rowwise = outputs.map { output in
            output.countsRows
                ? output
                : TensorSpec(name: output.name, datatype: output.datatype, shape: [.symbolic("")] + output.shape)
        }
        return Signature(inputs: rowwise, outputs: []).layout
    }

    /// An engine's answer as it is written row by row: `[rows, 1]` becomes one plain value a row, and an output without
    /// a dimension for rows the answer to a single one.
    ///
    /// - Throws: ``CodecError/Rule/shape`` for several rows, when an output has no dimension for them.
    package func answerRows(_ answers: [Tensor], rowCount: Int) throws(CodecError) -> [NamedTensor] {
        var rows: [NamedTensor] = []
        rows.reserveCapacity(answers.count)
        for (spec, tensor) in zip(outputs, answers) {
            if spec.isPlainColumn, tensor.shape == [rowCount, 1] {
                rows.append(NamedTensor(spec.name, tensor.reshaped(to: [rowCount])))
            } else if spec.countsRows {
                rows.append(NamedTensor(spec.name, tensor))
            } else {
                guard rowCount == 1 else {
                    throw CodecError(
                        .shape, "the output \(spec.shapeDescription) has no dimension for rows: send one row at a time",
                        field: spec.name)
                }
                rows.append(NamedTensor(spec.name, tensor.reshaped(to: [1] + tensor.shape)))
            }
        }
        return rows
    }

    /// Why callers of `self` could not be answered by `other`, or `nil` when they can.
    ///
    /// Every input, column and output that callers know must still be there with the same type and shape; `other` may
    /// have more outputs.
    package func difference(from other: Signature) -> String? {
        for input in other.inputs where !inputs.contains(where: { $0.isLike(input) }) {
            return "the new version wants an input “\(input.name)” \(input.datatype.rawValue) "
                + "\(input.shapeDescription), which callers do not send"
        }
        for input in inputs where !other.inputs.contains(where: { $0.isLike(input) }) {
            return "the input “\(input.name)” is gone or has changed"
        }
        for output in outputs where !other.outputs.contains(where: { $0.isLike(output) }) {
            return "the output “\(output.name)” is gone or has changed"
        }
        if layout.fields.map(\.name) != other.layout.fields.map(\.name) { return "the columns of rows have changed" }
        return nil
    }
}

extension TensorSpec {
    /// The same name, type and sizes. What a symbolic dimension is called is no promise: it changes with the engine.
    package func isLike(_ other: TensorSpec) -> Bool {
        name == other.name && datatype == other.datatype && shape.map(\.size) == other.shape.map(\.size)
    }

    /// Whether the first dimension counts rows, rather than being part of the answer to one.
    fileprivate var countsRows: Bool { shape.first.map { $0.size == nil || $0.size == 1 } ?? false }

    /// `[batch, 1]`: one plain value a row, and written as such.
    fileprivate var isPlainColumn: Bool { shape.count == 2 && shape[1] == .fixed(1) }
}
