// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Tensors
import TestSupport
import Testing

struct ReplayTests {
    private let engine = FakeEngine()
    private var signature: Signature { Signature(inputs: engine.inputs, outputs: engine.outputs) }

    private func example(_ first: Float, _ second: Float, score: Float) -> Example {
        Example(
            inputs: [Tensor(.float32, shape: [1, 2], elements: [first, second])],
            outputs: [NamedTensor("score", Tensor(.float32, shape: [1], elements: [score]))])
    }

    private func replay(_ examples: [Example], _ tolerance: Tolerance = .standard) throws -> ProofVerdict {
        try Replay(signature: signature, tolerance: tolerance, task: nil)
            .run(examples, recorded: examples.count, origin: .original, on: engine)
    }

    @Test func rowsThatAgreeAreProof() throws {
        let verdict = try replay([example(1, 2, score: 21), example(0, 0, score: 0)])
        #expect(verdict.isProven)
        #expect(verdict.largestDifference == 0)
    }

    @Test func aRowThatDiffersIsDescribed() throws {
        let verdict = try replay([example(1, 2, score: 21), example(1, 2, score: 22)])
        #expect(!verdict.holds)
        #expect(verdict.differingRows == 1)
        #expect(
            verdict.differences == [
                .init(row: 1, output: "score", expected: "22.0", actual: "21.0", largest: 1)
            ])
    }

    /// NaN agrees with NaN, and with nothing else.
    @Test func missingAnswersAgreeOnlyWithThemselves() throws {
        #expect(try replay([example(.nan, 0, score: .nan)]).holds)
        #expect(try !replay([example(1, 0, score: .nan)]).holds)
        #expect(try !replay([example(.nan, 0, score: 1)]).holds)
    }

    @Test func noExamplesProveNothing() throws {
        let verdict = try replay([])
        #expect(!verdict.isProven)
        #expect(verdict.line.hasPrefix("not proven"))
    }

    /// Differing rows beyond the first few are counted, and not all described.
    @Test func aVerdictStaysSmall() throws {
        let verdict = try replay((0..<500).map { example(Float($0), 1, score: -1) })
        #expect(verdict.differingRows == 500)
        #expect(verdict.differences.count == 10)
    }

    /// An engine that gives labels and scores, as a classifier does.
    private final class Classifier: InferenceEngine {
        let inputs = [TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("n")])]
        let outputs = [
            TensorSpec(name: "label", datatype: .int64, shape: [.symbolic("n")]),
            TensorSpec(name: "scores", datatype: .float32, shape: [.symbolic("n"), .fixed(2)]),
            TensorSpec(name: "name", datatype: .bytes, shape: [.symbolic("n")]),
        ]
        func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
            [
                Tensor(.int64, shape: [1], elements: [9_007_199_254_740_993] as [Int64]),
                Tensor(.float32, shape: [1, 2], elements: [0.5, 0.500_001] as [Float]),
                Tensor(strings: ["yes"], shape: [1]),
            ]
        }
    }

    private func classified(
        label: Int64 = 9_007_199_254_740_993, scores: [Float] = [0.5, 0.500_001], name: String = "yes",
        sameDecision: Bool = true
    ) throws -> Bool {
        let engine = Classifier()
        let example = Example(
            inputs: [Tensor(.float32, shape: [1], elements: [0] as [Float])],
            outputs: [
                NamedTensor("label", Tensor(.int64, shape: [1], elements: [label])),
                NamedTensor("scores", Tensor(.float32, shape: [1, 2], elements: scores)),
                NamedTensor("name", Tensor(strings: [name], shape: [1])),
            ])
        let tolerance = Tolerance(absolute: 1e-3, relative: 0, sameDecision: sameDecision)
        return try Replay(
            signature: Signature(inputs: engine.inputs, outputs: engine.outputs), tolerance: tolerance,
            task: "binary-classification"
        ).run([example], recorded: 1, origin: .original, on: engine).holds
    }

    /// Scores within tolerance whose order differs would flip the decision.
    @Test func theDecisionMustBeTheSame() throws {
        #expect(try classified())
        #expect(try !classified(scores: [0.500_001, 0.5]))
        #expect(try classified(scores: [0.500_001, 0.5], sameDecision: false))
        #expect(try !classified(name: "no"))
    }

    /// Doubles would let neighbours above 2^53 pass for one another.
    @Test func largeIntegersAreComparedExactly() throws {
        #expect(try !classified(label: 9_007_199_254_740_992))
    }
}

struct ExampleFormatTests {
    private let signature = Signature(
        inputs: FakeEngine().inputs, outputs: FakeEngine().outputs,
        fields: [RowField(name: "a", input: 0, offset: 0), RowField(name: "b", input: 0, offset: 1)])

    @Test func linesSurviveBeingWrittenAndRead() throws {
        let format = try ExampleFormat(signature: signature, outputs: ["score"], ignoringOthers: true)
        let examples = try format.read(csv: Array("a,b,score\n1,0.1,2\n-0,3e30,Infinity\n".utf8))
        let lines = try format.write(examples)
        let again = try format.read(lines: lines)
        #expect(try format.write(again) == lines)
        #expect(again.count == 2)
        #expect(again[0].inputs[0].elements(as: Float.self) == [1, 0.1])
    }

    @Test func aBrokenLineIsNamed() throws {
        let format = try ExampleFormat(signature: signature, outputs: ["score"])
        let failure = #expect(throws: Refusal.self) {
            try format.read(lines: Array(#"{"inputs":{"a":1,"b":2},"outputs":{"score":1}}"#.utf8) + Array("\n{}".utf8))
        }
        #expect(failure?.explanation.message.contains("line 2") == true)
    }

    @Test func anOutputThatTheModelDoesNotHaveIsRefused() {
        #expect(throws: Refusal.self) { try ExampleFormat(signature: signature, outputs: ["other"]) }
    }
}
