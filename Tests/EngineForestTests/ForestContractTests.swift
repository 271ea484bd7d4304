// SPDX-License-Identifier: Apache-2.0
import EngineForest
import Foundation
import ModelDomain
import ModelExecution
import PortContracts
import Tensors
import TestSupport
import Testing

struct ForestContractTests {
    @Test func keepsTheContract() async throws {
        try await withTemporaryFolder { folder in try contract(in: folder).run() }
    }

    /// In a process of its own, where nobody else uses memory.
    @Test func givesMemoryBack() async {
        await #expect(processExitsWith: .success) {
            try await withTemporaryFolder { folder in try contract(in: folder).memoryIsGivenBack() }
        }
    }

    /// Rows with nothing missing, which go through many trees in a shorter way, beside such that miss something.
    @Test(arguments: [2, 45]) func oneRowIsAnsweredAsAmongOthers(trees: Int) async throws {
        try await withTemporaryFolder { folder in
            let forest = SmallForest(
                trees: (0..<trees).map { tree in
                    let place = Double(tree) / 12 - 2
                    return .init(
                        columns: [tree % 2, 0, 0], conditions: [place, place / 3, -place],
                        defaults: [tree / 2 % 2, 0, 0])
                })
            let engine = try ForestRuntime().open(modelAt: try forest.write(into: folder, gives: "margins"))
            var generator = SeededGenerator(seed: 7)
            let rows = (0..<300).map { index in
                (0..<2).map { _ in
                    let value = Float.random(in: -3...3, using: &generator)
                    return (150..<180).contains(index) && value > 1 ? .nan : value
                }
            }
            let together = try engine.run([Tensor(.float32, shape: [300, 2], elements: rows.flatMap(\.self))])[0]
            let alone = try rows.flatMap { row in
                try engine.run([Tensor(.float32, shape: [1, 2], elements: row)])[0].elements(as: Float.self)
            }
            #expect(together.elements(as: Float.self) == alone)
            let expected = rows.map { row in
                forest.trees.reduce(Float(0)) { sum, tree in
                    let value = row[tree.columns[0]]
                    let isLeft = value.isNaN ? tree.defaults[0] == 1 : value < Float(tree.conditions[0])
                    return sum + Float(tree.conditions[isLeft ? 1 : 2])
                }
            }
            #expect(alone == expected)
        }
    }

    /// Columns of several kinds stand side by side.
    @Test func columnsOfAnyKindAreTaken() async throws {
        try await withTemporaryFolder { folder in
            let file = try SmallForest().write(into: folder, gives: "margins")
            try """
            {"schema":"slipway.forest/1","library":"xgboost","model":"model.json",
             "inputs":[{"name":"a","datatype":"BOOL","shape":[-1]},{"name":"b","datatype":"INT64","shape":[-1,1]}],
             "outputs":[{"name":"score","datatype":"FP64","shape":[-1],"gives":"margins"}]}
            """.write(toFile: file.path, atomically: true, encoding: .utf8)
            let engine = try ForestRuntime().open(modelAt: file)
            let answers = try engine.run([
                Tensor(.bool, shape: [2], elements: [UInt8(0), 1]), Tensor(.int64, shape: [2, 1], elements: [-2, 5]),
            ])
            #expect(answers[0].elements(as: Double.self) == [-0.75, 1.25])
        }
    }
}

/// Two stumps by hand: what is below goes left; in the first tree what is missing too.
private func contract(in folder: String) throws -> InferenceEngineContract {
    let broken = folder + "/broken"
    try FileManager.default.createDirectory(atPath: broken, withIntermediateDirectories: true)
    try "{}".write(toFile: broken + "/forest.json", atomically: true, encoding: .utf8)
    let many = (0..<40).map { index -> (Float, Float) in
        let place = Float(index)
        return (place / 20 - 1, 0.9 - place / 10)
    }
    return InferenceEngineContract(
        runtime: ForestRuntime(),
        golden: GoldenModel(
            file: try SmallForest().write(into: folder),
            inputs: [TensorSpec(name: "rows", datatype: .float32, shape: [.symbolic("batch"), .fixed(2)])],
            outputs: [TensorSpec(name: "score", datatype: .float32, shape: [.symbolic("")])],
            answers: [golden([(0, 0)]), golden([(0.5, -1.5), (.nan, .nan)]), golden(many)],
            tolerance: 1e-7),
        unusable: [
            ModelFile(path: broken + "/forest.json"), ModelFile(path: folder + "/model.json"), ModelFile(path: "/"),
        ])
}

private func golden(_ rows: [(Float, Float)]) -> GoldenModel.Answer {
    let scores = rows.map { first, second -> Float in
        let one: Float = first < 0.5 || first.isNaN ? -1 : 2
        let two: Float = second < -1.5 ? 0.25 : -0.75
        return 1 / (1 + exp(-one - two))
    }
    return GoldenModel.Answer(
        inputs: [Tensor(.float32, shape: [rows.count, 2], elements: rows.flatMap { [$0, $1] })],
        outputs: [Tensor(.float32, shape: [rows.count], elements: scores)])
}
