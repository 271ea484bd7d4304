// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import ModelDomain
import ModelExecution
import Tensors
import Testing

@testable import ModelRollouts

/// Which rows may be joined, found out with rows.
struct CompanyTests {
    /// `[batch, 2]` floats in, `[batch]` scores out, by a function of the whole batch.
    private final class BatchEngine: InferenceEngine {
        let inputs: [TensorSpec]
        let outputs: [TensorSpec]
        private let answer: @Sendable ([[Float]]) throws(EngineError) -> [Float]

        init(
            rows: Dimension = .symbolic("batch"), answer: @escaping @Sendable ([[Float]]) throws(EngineError) -> [Float]
        ) {
            inputs = [TensorSpec(name: "x", datatype: .float32, shape: [rows, .fixed(2)])]
            outputs = [TensorSpec(name: "score", datatype: .float32, shape: [rows])]
            self.answer = answer
        }

        func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
            let values = inputs[0].elements(as: Float.self)
            let scores = try answer(stride(from: 0, to: values.count, by: 2).map { [values[$0], values[$0 + 1]] })
            return [Tensor(.float32, shape: [scores.count], elements: scores)]
        }
    }

    private struct Runtime: EngineRuntime {
        let identity = EngineIdentity(name: "batch", version: "1", build: "test")
        let engine: BatchEngine
        func open(modelAt _: ModelFile) throws(EngineError) -> any InferenceEngine { engine }
    }

    private func joint(_ engine: BatchEngine, examples: [[Float]]) throws -> Joinability {
        try cost(engine, examples: examples).joint
    }

    private func cost(_ engine: BatchEngine, examples: [[Float]]) throws -> RunCost {
        let manifest = BundleManifest(
            engine: "batch", model: "model", task: nil,
            signature: Signature(inputs: engine.inputs, outputs: engine.outputs), proof: nil, baseline: nil, files: [])
        let rows = examples.map {
            Example(inputs: [Tensor(.float32, shape: [1, 2], elements: $0)], outputs: [])
        }
        return RunCost(
            measuring: try ProvenModel(
                proving: PreparedBundle(manifest: manifest, model: ModelFile(path: "/none"), examples: rows),
                on: Runtime(engine: engine)))
    }

    private let rows: [[Float]] = (0..<10).map { [Float($0), Float(10 - $0)] }

    @Test func rowsThatAnswerForThemselvesMayBeJoined() throws {
        let engine = BatchEngine { rows in rows.map { $0[0] + 10 * $0[1] } }
        #expect(try joint(engine, examples: rows) == .shown(rows: 64))
    }

    /// Each model is quiet about it while it gets one row.
    @Test(
        arguments: [
            { rows in rows.map { $0[0] - rows.map { $0[0] }.reduce(0, +) / Float(rows.count) } },
            { rows in rows.indices.map { index in rows[index][0] + (index > 0 ? rows[index - 1][1] : 0) } },
            { rows in rows.map { $0[0] / (rows.map { $0[0] }.max() ?? 1) } },
            { rows in rows.map { $0[0] + (rows.count > 8 ? 1 : 0) } },
            { rows in rows.reversed().map { $0[0] } },
        ] as [@Sendable ([[Float]]) -> [Float]])
    func rowsThatInfluenceOneAnotherAreNever(_ answer: @escaping @Sendable ([[Float]]) -> [Float]) throws {
        guard case .never(.answersDiffer(let difference)) = try joint(BatchEngine(answer: answer), examples: rows)
        else {
            Issue.record("they were joined")
            return
        }
        #expect(difference.hasPrefix("“score” is "))
    }

    /// What differs by rounding is the same answer.
    @Test func theTolerancesOfTheProofHold() throws {
        let engine = BatchEngine { rows in rows.map { ($0[0] + 10 * $0[1]) * (rows.count > 1 ? 1.000001 : 1) } }
        #expect(try joint(engine, examples: rows) == .shown(rows: 64))
    }

    @Test(arguments: [0, 1, 5])
    func withoutDifferentRowsNothingIsShown(_ count: Int) throws {
        let engine = BatchEngine { rows in rows.map { $0[0] } }
        let same = Array(repeating: rows[3], count: count)
        #expect(try joint(engine, examples: same) == .never(count == 0 ? .unmeasured : .fewExamples))
    }

    @Test func aModelOfOneRowIsNot() throws {
        let engine = BatchEngine(rows: .fixed(1)) { rows in rows.map { $0[0] } }
        #expect(try joint(engine, examples: rows) == .never(.oneRowOnly))
    }

    /// As many as it takes.
    @Test func aModelThatTakesFewRowsIsJoinedToThese() throws {
        let engine = BatchEngine { (rows) throws(EngineError) -> [Float] in
            guard rows.count <= 10 else { throw .runFailed(reason: "it takes 10 rows") }
            return rows.map { $0[0] }
        }
        #expect(try joint(engine, examples: rows) == .shown(rows: 8))
        let single = BatchEngine { (rows) throws(EngineError) -> [Float] in
            guard rows.count <= 1 else { throw .runFailed(reason: "it takes one row") }
            return rows.map { $0[0] }
        }
        guard case .never(.failed(let reason)) = try joint(single, examples: rows) else {
            Issue.record("they were joined")
            return
        }
        #expect(reason.contains("it takes one row"))
    }
}
