// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import PredictionExplaining
import Tensors
import Testing

/// A model of columns of doubles that is a function.
private final class FunctionEngine: InferenceEngine {
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    private let body: @Sendable ([Double]) -> [Double]

    init(columns: Int, outputs: Int? = nil, _ body: @escaping @Sendable ([Double]) -> [Double]) {
        inputs = (0..<columns).map { TensorSpec(name: "c\($0)", datatype: .float64, shape: [.symbolic("rows")]) }
        self.outputs = [
            TensorSpec(
                name: "score", datatype: .float64, shape: [.symbolic("rows")] + (outputs.map { [.fixed($0)] } ?? []))
        ]
        self.body = body
    }

    func run(_ tensors: [Tensor]) throws(EngineError) -> [Tensor] {
        let columns = tensors.map { $0.elements(as: Double.self) }
        let rows = columns[0].count
        let answers = (0..<rows).flatMap { row in body(columns.map { $0[row] }) }
        let width = outputs[0].shape.count == 2 ? [answers.count / max(rows, 1)] : []
        return [Tensor(.float64, shape: [rows] + width, elements: answers)]
    }
}

private func row(_ values: [Double]) -> [Tensor] { values.map { Tensor(.float64, shape: [1], elements: [$0]) } }

private func explain(
    _ engine: FunctionEngine, _ values: [Double], background: [[Double]], options: [String: String] = [:]
) throws -> Attribution {
    let signature = Signature(inputs: engine.inputs, outputs: engine.outputs)
    let explainer = Explainer(engine, signature, rows: background.map(row))
    let request = try ExplanationRequest(options.map { ($0.key, $0.value) }, of: signature)
    return try explainer.attributions(row(values), rowCount: 1, request, until: .never)[0]
}

private func isClose(_ one: Double, _ other: Double, _ tolerance: Double = 1e-9) -> Bool {
    abs(one - other) <= tolerance * (1 + abs(other))
}

/// The definition, over every coalition: what the fast ways have to agree with.
private func shapleyValues(
    _ body: ([Double]) -> Double, _ values: [Double], background: [[Double]]
) -> [Double] {
    let count = values.count
    func worth(_ coalition: Int) -> Double {
        background.reduce(0) { sum, other in
            sum + body(values.indices.map { coalition >> $0 & 1 == 1 ? values[$0] : other[$0] })
        } / Double(background.count)
    }
    func factorial(_ number: Int) -> Double { (1...max(number, 1)).reduce(1) { $0 * Double($1) } }
    return values.indices.map { column in
        (0..<1 << count).reduce(0.0) { sum, coalition in
            guard coalition >> column & 1 == 0 else { return sum }
            let size = coalition.nonzeroBitCount
            let weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            return sum + weight * (worth(coalition | 1 << column) - worth(coalition))
        }
    }
}

struct ExplainerTests {
    private let background: [[Double]] = (0..<20).map { row in
        (0..<12).map { sin(Double(row * 12 + $0)) * 3 }
    }

    /// Of a linear model a column contributes its coefficient times how far it is from the mean.
    @Test func linearModelsAreExact() throws {
        let coefficients: [Double] = (0..<12).map { Double($0) - 5.5 }
        let engine = FunctionEngine(columns: 12) { [zip($0, coefficients).reduce(7) { $0 + $1.0 * $1.1 }] }
        let values = (0..<12).map { Double($0 * $0) / 7 }
        let found = try explain(engine, values, background: background)
        #expect(found.method == .additive)
        #expect(found.scale == .output)
        for column in 0..<12 {
            let mean = background.reduce(0) { $0 + $1[column] } / 20
            #expect(isClose(found.contributions[column], coefficients[column] * (values[column] - mean)))
        }
        #expect(isClose(found.contributions.reduce(found.base, +), found.value))
        #expect(found.errors.allSatisfy { $0 == 0 })
    }

    /// What a logistic regression adds up are logarithms of odds.
    @Test func logisticRegressionsAreExactOnTheirOdds() throws {
        let coefficients: [Double] = (0..<12).map { 0.1 * Double($0) - 0.4 }
        let margin = { @Sendable (row: [Double]) in zip(row, coefficients).reduce(0.3) { $0 + $1.0 * $1.1 } }
        let engine = FunctionEngine(columns: 12, outputs: 2) { row in
            let second = 1 / (1 + exp(-margin(row)))
            return [1 - second, second]
        }
        let values = (0..<12).map { Double($0) / 6 }
        let found = try explain(engine, values, background: background)
        #expect(found.method == .additive)
        #expect(found.scale == .logOdds)
        #expect(found.position == 1)
        #expect(isClose(found.value, margin(values), 1e-8))
        for column in 0..<12 {
            let mean = background.reduce(0) { $0 + $1[column] } / 20
            #expect(isClose(found.contributions[column], coefficients[column] * (values[column] - mean), 1e-8))
        }
    }

    /// Few columns: every coalition is asked about, and no chance is in it.
    @Test func fewColumnsAreExact() throws {
        let body = { @Sendable (row: [Double]) in row[0] * row[1] + max(row[2], row[0]) - row[3] }
        let engine = FunctionEngine(columns: 4) { [body($0)] }
        let few = background.map { Array($0.prefix(4)) }
        let values = [2.0, -1, 0.5, 3]
        let found = try explain(engine, values, background: few, options: ["budget": "30s"])
        #expect(found.method == .exact)
        let expected = shapleyValues(body, values, background: few)
        for column in 0..<4 { #expect(isClose(found.contributions[column], expected[column])) }
        #expect(isClose(found.value, body(values)))
        #expect(isClose(found.contributions.reduce(found.base, +), found.value))
    }

    /// Many columns: orders are drawn, and the stated error is one.
    @Test func sampledValuesAreWithinTheirError() throws {
        let body = { @Sendable (row: [Double]) in row[0] * row[1] * row[2] + row[3] * row[4] + row[5] }
        let engine = FunctionEngine(columns: 12) { [body($0)] }
        let values = (0..<12).map { Double($0 % 5) - 1.5 }
        let found = try explain(engine, values, background: background, options: ["budget": "300ms"])
        #expect(found.method == .sampled)
        let expected = shapleyValues(body, values, background: background)
        for column in 0..<12 {
            #expect(
                abs(found.contributions[column] - expected[column]) <= 5 * found.errors[column] + 1e-9,
                "column \(column): \(found.contributions[column]) ± \(found.errors[column]), \(expected[column])")
        }
        #expect(found.errors[0] > 0)
        // A column that the model does not look at contributes nothing at all.
        #expect(found.contributions[11] == 0)
        #expect(isClose(found.contributions.reduce(found.base, +), found.value))
        #expect(isClose(found.value, body(values)))
    }

    @Test func aLargestClassIsExplainedWhereNoneIsNamed() throws {
        let engine = FunctionEngine(columns: 2, outputs: 3) { [0.2 * $0[0], 0.5 + $0[1], 0.1] }
        let few = background.map { Array($0.prefix(2)) }
        let found = try explain(engine, [0, 1], background: few)
        #expect(found.position == 1)
        let named = try explain(engine, [5, 1], background: few, options: ["output": "score[0]"])
        #expect(named.position == 0)
        #expect(isClose(named.value, 1))
    }

    @Test(arguments: [
        (["method": "magic"], "There is no method “magic”."), (["budget": "soon"], "The budget “soon” is no time"),
        (["output": "scores"], "The model has no output “scores”."),
        (["what": "x"], "An explanation has no option “what”."),
        (["output": "score[4]"], "“score” has no value 4."),
    ])
    func optionsThatCannotBeHonouredAreRefused(options: [String: String], message: String) throws {
        let engine = FunctionEngine(columns: 2, outputs: 3) { _ in [0, 0, 0] }
        let refusal = try #require(throws: Refusal.self) {
            try explain(engine, [0, 0], background: [], options: options)
        }
        #expect(refusal.explanation.message.hasPrefix(message))
    }

    /// Without rows to replace columns from there is no other answer than the row's own.
    @Test func withoutABackgroundNothingIsMadeUp() throws {
        let engine = FunctionEngine(columns: 2) { [$0[0] * $0[1]] }
        #expect(throws: EngineError.self) { try explain(engine, [1, 2], background: []) }
    }

    @Test func aMethodThatDoesNotFitIsRefused() throws {
        let engine = FunctionEngine(columns: 2) { [$0[0] * $0[1]] }
        let few = background.map { Array($0.prefix(2)) }
        for method in ["trees", "additive"] {
            #expect(throws: EngineError.self) {
                try explain(engine, [1, 2], background: few, options: ["method": method])
            }
        }
    }
}
