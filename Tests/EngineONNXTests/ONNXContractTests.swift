// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelExecution
import PortContracts
import Tensors
import Testing

struct ONNXContractTests {
    @Test func keepsTheContract() throws {
        try contract().run()
    }

    /// In a process of its own, where nobody else uses memory.
    @Test func givesMemoryBack() async {
        await #expect(processExitsWith: .success) {
            try contract().memoryIsGivenBack()
        }
    }

    @Test func saysItsNameVersionAndBuild() throws {
        let identity = try engineLibrary().identity
        #expect(identity.name == "onnxruntime")
        #expect(identity.version.split(separator: ".").count == 3)
        #expect(identity.build.count == 64)
    }

    @Test func readsWhatTheMakerWrote() throws {
        let engine = try #require(try open("annotated") as? ONNXEngine)
        #expect(engine.metadata.producer == "slipway-fixtures")
        #expect(engine.metadata.custom == ["author": "nobody", "note": "für alle"])
        #expect(try #require(try open("scale") as? ONNXEngine).metadata.custom.isEmpty)
    }
}

/// Three classes by softmax over linear scores, as a sequence of maps: the most that the adapter has to do.
private func contract() throws -> InferenceEngineContract {
    InferenceEngineContract(
        runtime: try engineLibrary(),
        golden: GoldenModel(
            file: fixture("zipmap"),
            inputs: [TensorSpec(name: "features", datatype: .float32, shape: [.symbolic("batch"), .fixed(2)])],
            outputs: [
                TensorSpec(name: "label", datatype: .int64, shape: [.symbolic("batch")]),
                TensorSpec(name: "probabilities", datatype: .float32, shape: [.symbolic("batch"), .symbolic("")]),
            ],
            answers: [
                golden([(1, 2)]), golden([(-1, 0.5), (3, -4)]), golden((0..<40).map { (Float($0) / 7 - 3, 0.25) }),
            ],
            // Single precision, and the library's own order of sums.
            tolerance: 1e-6),
        unusable: [fixture("unknown-operator"), fixture("weights.bin"), ModelFile(path: "/")])
}

/// What the formula gives, in double precision; columns by ascending class.
private func golden(_ rows: [(Float, Float)]) -> GoldenModel.Answer {
    var labels: [Int64] = []
    var probabilities: [Float] = []
    for (first, second) in rows.map({ (Double($0), Double($1)) }) {
        let scores = [(2, second + 0.25), (10, first), (30, 0.5 - first - second)] as [(Int64, Double)]
        let total = scores.reduce(0) { $0 + exp($1.1) }
        probabilities += scores.map { Float(exp($0.1) / total) }
        labels.append(scores.max { $0.1 < $1.1 }?.0 ?? 0)
    }
    return GoldenModel.Answer(
        inputs: [Tensor(.float32, shape: [rows.count, 2], elements: rows.flatMap { [$0, $1] })],
        outputs: [
            Tensor(.int64, shape: [rows.count], elements: labels),
            Tensor(.float32, shape: [rows.count, 3], elements: probabilities),
        ])
}
