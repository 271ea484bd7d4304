// SPDX-License-Identifier: Apache-2.0
import GroundTruth
import ModelDomain
import ModelExecution
import Tensors
import Testing

@Suite struct AnswerFormTests {
    static func manifest(task: String?, outputs: [TensorSpec]) -> BundleManifest {
        BundleManifest(
            engine: "onnxruntime", model: "model.onnx", task: task,
            signature: Signature(
                inputs: [TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("n"), .fixed(1)])],
                outputs: outputs), proof: nil, baseline: nil, files: [])
    }

    static func classifier(_ classes: [String]) throws -> AnswerForm {
        let outputs = [
            TensorSpec(name: "label", datatype: .bytes, shape: [.symbolic("n")]),
            TensorSpec(
                name: "probabilities", datatype: .float32, shape: [.symbolic("n"), .fixed(classes.count)]),
        ]
        let examples = classes.indices.map { index in
            let shares = classes.indices.map { $0 == index ? Float(0.9) : 0.1 / Float(classes.count - 1) }
            return Example(
                inputs: [],
                outputs: [
                    NamedTensor("label", Tensor(strings: [classes[index]], shape: [1])),
                    NamedTensor(
                        "probabilities", Tensor(.float32, shape: [1, classes.count], elements: shares)),
                ])
        }
        return try #require(AnswerForm(manifest(task: nil, outputs: outputs), examples: examples))
    }

    private static func refusal(_ form: AnswerForm, _ label: GivenLabel) -> ErrorCode? {
        do throws(Refusal) {
            _ = try form.truth(of: label)
            return nil
        } catch {
            return error.explanation.code
        }
    }

    @Test func aLabelIsOneOfTheModelsClasses() throws {
        let form = try Self.classifier(["ja", "no\u{0308}"])
        #expect(form.kind == .binary)
        #expect(try form.truth(of: GivenLabel(.text, "ja")) == "ja")
        #expect(try form.truth(of: GivenLabel(.cell, "ja")) == "ja")
        // The same word in other bytes is another class.
        #expect(Self.refusal(form, GivenLabel(.text, "n\u{00F6}")) == .labelRefused)
        #expect(Self.refusal(form, GivenLabel(.number, "1")) == .labelRefused)
        #expect(Self.refusal(form, GivenLabel(.text, "perhaps")) == .labelRefused)
    }

    @Test func numbersOfClassesComeInEveryDress() throws {
        let outputs = [
            TensorSpec(name: "label", datatype: .int64, shape: [.symbolic("n")]),
            TensorSpec(name: "probabilities", datatype: .float32, shape: [.symbolic("n"), .fixed(2)]),
        ]
        let example = Example(
            inputs: [],
            outputs: [
                NamedTensor("label", Tensor(.int64, shape: [1], elements: [Int64(1)])),
                NamedTensor("probabilities", Tensor(.float32, shape: [1, 2], elements: [Float(0.2), 0.8])),
            ])
        let form = try #require(
            AnswerForm(Self.manifest(task: "binary-classification", outputs: outputs), examples: [example]))
        #expect(form.classes == ["0", "1"])
        for label in [
            GivenLabel(1), GivenLabel(.boolean, "true"), GivenLabel(.cell, "1.0"), GivenLabel(.cell, "True"),
        ] { #expect(try form.truth(of: label) == "1") }
        for label in [GivenLabel(2), GivenLabel(0.5), GivenLabel(.text, "1"), GivenLabel(.cell, "")] {
            #expect(Self.refusal(form, label) == .labelRefused, "\(label)")
        }
    }

    /// Where no probabilities say how many there are, what was seen of a decision between two is all of it.
    @Test func decisionsWithoutProbabilitiesHaveTheClassesThatWereSeen() throws {
        let output = TensorSpec(name: "label", datatype: .int64, shape: [.symbolic("n")])
        let examples = [Int64(1), 2, 1].map { value in
            Example(inputs: [], outputs: [NamedTensor("label", Tensor(.int64, shape: [1], elements: [value]))])
        }
        let two = try #require(
            AnswerForm(Self.manifest(task: "binary-classification", outputs: [output]), examples: examples))
        #expect(two.kind == .binary && two.classes == ["1", "2"])
        #expect(Self.refusal(two, GivenLabel(0)) == .labelRefused)
        let several = try #require(
            AnswerForm(Self.manifest(task: "multiclass-classification", outputs: [output]), examples: examples))
        #expect(try several.truth(of: GivenLabel(3)) == "3")
    }

    @Test func aRegressionTakesFiniteNumbers() throws {
        let output = TensorSpec(name: "price", datatype: .float32, shape: [.symbolic("n"), .fixed(1)])
        let form = try #require(AnswerForm(Self.manifest(task: "regression", outputs: [output]), examples: []))
        #expect(form.kind == .regression)
        #expect(try form.truth(of: GivenLabel(.cell, "-2.50")) == "-2.5")
        for label in [
            GivenLabel(.cell, "nan"), GivenLabel(.cell, "inf"), GivenLabel(.text, "2"), GivenLabel(.boolean, "true"),
        ] { #expect(Self.refusal(form, label) == .labelRefused, "\(label)") }
    }
}
