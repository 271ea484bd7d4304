// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import ModelDomain
package import ModelExecution
package import Tensors

/// Says what each column contributed to a model's answers: as Shapley values, which add up.
///
/// Trees give theirs by themselves, over the rows that they were trained on. For other models columns are replaced by those
/// of the background rows, one coalition of columns after the other. What a model is found to be decides how: a sum of
/// functions of one column each needs one replacement for each, a model of few columns is asked about every coalition, and
/// any other about orders that are drawn at random until the time is used up.
package struct Explainer: Sendable {
    /// More background rows cost time and add little: the standard error of their mean is small beside the spread.
    package static let backgroundLimit = 32
    /// The most columns of which every coalition is tried.
    private static let enumeratedColumns = 9

    private let engine: any InferenceEngine
    private let signature: Signature
    /// Rows to take replacements from, each one tensor for each input.
    private let background: [[Tensor]]

    /// - Parameter rows: Of the model's examples.
    package init(_ engine: any InferenceEngine, _ signature: Signature, rows: [[Tensor]]) {
        self.engine = engine
        self.signature = signature
        // Spread over all there are, always the same ones.
        let step = max(1, rows.count / Self.backgroundLimit)
        background = stride(from: 0, to: rows.count, by: step).prefix(Self.backgroundLimit).map { rows[$0] }
    }

    /// - Parameter inputs: One tensor for each input, of `rowCount` rows.
    /// - Throws: ``EngineError/inputsRefused(reason:)`` for what cannot be explained in the way that was asked for;
    ///   ``EngineError/deadlinePassed``.
    package func attributions(
        _ inputs: [Tensor], rowCount: Int, _ request: ExplanationRequest, until deadline: Moment
    ) throws(EngineError) -> [Attribution] {
        var found: [Attribution] = []
        for row in 0..<rowCount {
            let one = inputs.map { $0.row(row, of: rowCount) }
            found.append(try attribution(one, request, until: deadline))
            guard Moment.now <= deadline else { throw .deadlinePassed }
        }
        return found
    }

    private func attribution(
        _ row: [Tensor], _ request: ExplanationRequest, until deadline: Moment
    ) throws(EngineError) -> Attribution {
        let answer = try engine.run(row, until: deadline)[request.output]
        let position = request.position ?? largest(answer)
        if request.method == .auto || request.method == .trees {
            if let own = try engine.contributions(row, toward: request.output, position: position) {
                return byColumn(own, position)
            }
            guard request.method == .auto else {
                throw .inputsRefused(
                    reason: "this answer is not one of trees alone, so that no margin adds up; leave method out")
            }
        }
        guard let rows = MixedRows(row, of: signature) else {
            throw .inputsRefused(reason: "its rows are no tables, of which columns could be replaced")
        }
        guard !background.isEmpty else {
            throw .inputsRefused(
                reason: "the version has no recorded rows to take replacements from; pack it with proof.examples")
        }
        let question = Question(
            engine: engine, rows: rows, background: background, output: request.output, position: position,
            deadline: deadline)
        if request.method != .sampled, let additive = try question.additive() { return additive }
        guard request.method != .additive else {
            throw .inputsRefused(reason: "the answer is no sum of functions of one column each; leave method out")
        }
        if request.method == .auto, rows.columnCount <= Self.enumeratedColumns {
            let limit = Moment.now.after(request.budgetMilliseconds * 1_000_000)
            if let exact = try question.enumerated(until: limit) { return exact }
        }
        return try question.sampled(until: Moment.now.after(request.budgetMilliseconds * 1_000_000))
    }

    private func largest(_ answer: Tensor) -> Int? {
        guard answer.shape.count == 2, let numbers = answer.doubles, !numbers.isEmpty else { return nil }
        return numbers.indices.max { numbers[$0] < numbers[$1] }
    }

    /// Of the values of the inputs, those of each column together.
    private func byColumn(_ own: ValueContributions, _ position: Int?) -> Attribution {
        var starts: [Int] = []
        var total = 0
        for input in signature.inputs {
            starts.append(total)
            total += input.shape.dropFirst().reduce(1) { $0 * ($1.size ?? 1) }
        }
        let contributions = signature.layout.fields.map { field in
            let count = field.shape.reduce(1) { $0 * ($1.size ?? 1) }
            let first = starts[field.input] + field.offset
            return (first..<first + count).reduce(0) { $0 + own.contribution(row: 0, value: $1) }
        }
        let base = own.expected(row: 0)
        return Attribution(
            method: .trees, scale: .margin, position: position, base: base,
            value: contributions.reduce(base, +), contributions: contributions,
            errors: [Double](repeating: 0, count: contributions.count))
    }
}
