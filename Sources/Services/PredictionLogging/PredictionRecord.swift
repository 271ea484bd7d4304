// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
package import RequestTracing
package import Tensors

/// A prediction, or a request that was refused, as the log has it.
package struct PredictionRecord: Sendable {
    package let id: PredictionID
    /// When the request came.
    package let time: Timestamp
    package let status: PredictionStatus
    /// Why there is no answer.
    package let code: String?
    package let principal: String?
    /// What the caller calls that which it is about.
    package internal(set) var key: String?
    /// Where it was traced.
    package let trace: TraceID?
    /// Whom it is about, on its way to the writer; never in a segment.
    var subject: String?
    /// Of the rows that can still be read.
    package internal(set) var rowCount: Int
    package let times: PredictionOutcome.Times
    /// Whether inputs and outputs were too large to be kept.
    package internal(set) var isCut: Bool
    /// By input, or by column where not all of an input is kept; `nil` for what is not.
    var inputs: [LoggedInput] = []
    package internal(set) var outputs: [Tensor] = []
    package let schema: LogSchema
    /// What stands for those whom its rows are about.
    package internal(set) var subjects: [SubjectReference] = []
    /// Which rows of the request are about each of them; empty for all.
    var subjectRows: [[Int]] = []
    /// Whether a key is destroyed under which something of it was kept.
    package internal(set) var isErased = false
    package internal(set) var erasedRowCount = 0
    /// Which rows of the request ``rowCount`` counts; `nil` for all of them.
    package internal(set) var rowNumbers: [Int]?

    /// What stands for whom a row is about, by its number in the request.
    package var subjectsByRow: [Int: String] {
        let all = 0..<rowCount + erasedRowCount
        return zip(subjects, subjectRows).reduce(into: [:]) { byRow, entry in
            for row in entry.1.isEmpty ? Array(all) : entry.1 { byRow[row] = entry.0.description }
        }
    }

    /// Where a row that can still be read stood in the request.
    package func number(ofRow row: Int) -> Int { rowNumbers?[row] ?? row }
}

/// What is kept of an input.
enum LoggedInput: Sendable {
    case whole(Tensor)
    /// By field of the schema, of those that are kept or hashed, in their order. A hash is 32 hexadecimal digits.
    case columns([(field: Int, values: Tensor)])
    case nothing
}

extension PredictionRecord {
    /// The rows by column, as far as they are kept: `[rows] + the column's shape` each.
    package var columns: [NamedTensor] {
        inputs.enumerated().flatMap { index, input -> [NamedTensor] in
            switch input {
            case .nothing: []
            case .columns(let columns): columns.map { NamedTensor(schema.fields[$0.field].name, $0.values) }
            case .whole(let tensor):
                schema.fields.filter { $0.input == index }.compactMap { field in
                    tensor.column(field, rowCount: rowCount).map { NamedTensor(field.name, $0) }
                }
            }
        }
    }

    /// Outputs by name.
    package var answers: [NamedTensor] { zip(schema.outputs, outputs).map { NamedTensor($0, $1) } }

    /// The inputs to the last bit; `nil` where something of them is not kept.
    package var wholeInputs: [Tensor]? {
        guard !isCut, inputs.count == schema.inputs.count, !inputs.isEmpty else { return nil }
        let whole = inputs.compactMap { input in
            if case .whole(let tensor) = input { tensor } else { nil }
        }
        return whole.count == inputs.count ? whole : nil
    }
}

extension Tensor {
    /// A column of an input, as `[rows] + shape`; `nil` where the input is not cut into rows.
    func column(_ field: LogSchema.Field, rowCount: Int) -> Tensor? {
        let rowElements = rowCount > 0 ? elementCount / rowCount : 0
        guard rowCount > 0, rowElements * rowCount == elementCount else { return nil }
        // A field that fills its input has the shape that came.
        if field.elements.lowerBound == 0, field.elements.count >= rowElements || field.shape.contains(0) {
            return reshaped(to: shape.first == rowCount ? shape : [rowCount] + shape)
        }
        guard field.elements.upperBound <= rowElements else { return nil }
        let parts = (0..<rowCount).map { row in
            let start = row * rowElements
            return slice(
                start + field.elements.lowerBound..<start + field.elements.upperBound, shape: [1] + field.shape)
        }
        return Tensor.joined(parts)
    }
}
