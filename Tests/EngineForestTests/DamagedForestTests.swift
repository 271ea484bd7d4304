// SPDX-License-Identifier: Apache-2.0
import EngineForest
import Foundation
import ModelDomain
import ModelExecution
import Tensors
import TestSupport
import Testing

/// Every file is hostile: what is no forest is refused with the reason, and nothing ends or holds the process.
struct DamagedForestTests {
    private static let trees: [(SmallForest.Tree, String)] = [
        (.init(lefts: [7, -1, -1]), "child 7 is not there"),
        (.init(rights: [-5, -1, -1]), "child -5 is not there"),
        (.init(lefts: [0, -1, -1]), "two ways lead to node 0"),
        (.init(lefts: [2, -1, -1]), "two ways lead to node 2"),
        (.init(columns: [2, 0, 0]), "column 2 of 2"),
        (.init(columns: [-1, 0, 0]), "column -1"),
        (.init(lefts: [1, -1]), "differ in length"),
        (.init(lefts: [], rights: [], columns: [], conditions: [], defaults: []), "no nodes"),
    ]

    @Test(arguments: trees.indices) func aTreeThatIsNoneIsRefused(index: Int) async throws {
        let (tree, reason) = Self.trees[index]
        try await withTemporaryFolder { folder in
            let file = try SmallForest(trees: [tree]).write(into: folder)
            #expect(try refusal(of: file).contains(reason))
        }
    }

    @Test func outputsThatAreNotThereAreRefused() async throws {
        try await withTemporaryFolder { folder in
            for (forest, reason) in [
                (SmallForest(targets: [0, 3]), "output 3 of 1"), (SmallForest(targets: [0]), "2 and 1"),
                (SmallForest(classes: 1_000_000), "1000000 outputs"),
                (SmallForest(objective: "a:private"), "a:private is not evaluated here"),
            ] {
                let file = try forest.write(into: folder)
                #expect(try refusal(of: file).contains(reason))
            }
            let narrow = try SmallForest().write(into: folder, width: 1)
            #expect(try refusal(of: narrow).contains("2 columns"))
        }
    }

    /// Read and walked without recursion.
    @Test func aTreeMayBeAsDeepAsItLikes() async throws {
        try await withTemporaryFolder { folder in
            let depth = 100_000
            var tree = SmallForest.Tree()
            // Inner nodes 0..<depth, each with a leaf to the right, and one leaf below the last.
            tree.lefts = (0..<depth).map { $0 + 1 } + Array(repeating: -1, count: depth + 1)
            tree.rights = (0..<depth).map { depth + 1 + $0 } + Array(repeating: -1, count: depth + 1)
            tree.columns = Array(repeating: 0, count: 2 * depth + 1)
            tree.conditions = (0..<depth).map { Double(depth - $0) } + [42] + (0..<depth).map(Double.init)
            tree.defaults = tree.columns
            let file = try SmallForest(trees: [tree]).write(into: folder, gives: "margins")
            let engine = try ForestRuntime().open(modelAt: file)
            let answer = try engine.run([Tensor(.float32, shape: [2, 2], elements: [Float(-1), 0, 3.5, 0])])[0]
            #expect(answer.elements(as: Float.self) == [42, Float(depth - 3)])
        }
    }

    /// CatBoost's trees that are not symmetric lie in one another, so that reading them needs a stack.
    @Test(arguments: [(180, true), (400, false), (100_000, false)])
    func treesInOneAnotherAreReadSoDeep(depth: Int, opens: Bool) async throws {
        try await withTemporaryFolder { folder in
            let split =
                #"{"split":{"split_type":"FloatFeature","float_feature_index":0,"border":0.5},"right":{"value":1},"left":"#
            let tree = String(repeating: split, count: depth) + #"{"value":-1}"# + String(repeating: "}", count: depth)
            try """
            {"features_info":{"float_features":[{"feature_index":0,"borders":[0.5]}]},"model_info":{},"trees":[\(tree)]}
            """.write(toFile: folder + "/model.json", atomically: true, encoding: .utf8)
            let file = try describe("model.json", of: "catboost", width: 1, in: folder)
            if opens {
                let rows = Tensor(.float32, shape: [3, 1], elements: [Float(0), 1, .nan])
                let answer = try ForestRuntime().open(modelAt: file).run([rows])[0]
                #expect(answer.elements(as: Float.self) == [-1, 1, -1])
            } else {
                #expect(try refusal(of: file).contains("nested deeper than 200"))
            }
        }
    }

    @Test func rowsOfAnotherWidthAreRefused() async throws {
        try await withTemporaryFolder { folder in
            let engine = try ForestRuntime().open(modelAt: try SmallForest().write(into: folder))
            for shape in [[1, 3], [1, 1], [2]] {
                let rows = Tensor(.float32, shape: shape, elements: [Float](repeating: 0, count: shape.reduce(1, *)))
                #expect(throws: EngineError.self) { try engine.run([rows]) }
            }
            #expect(try engine.run([Tensor(.float32, shape: [0, 2], elements: [Float]())])[0].shape == [0])
        }
    }

    /// `make soak` tries ten thousand of each. In a process of its own, so that a crash is this test's failure alone.
    @Test(arguments: [
        ("xgboost.ubj", "xgboost", 1), ("xgboost.json", "xgboost", 3), ("lightgbm.txt", "lightgbm", 1),
        ("catboost.json", "catboost", 3), ("catboost-branching.json", "catboost", 3),
        (CategoryForest.file, "catboost", 1),
    ])
    func damagedFilesNeverEndTheProcess(file: String, library: String, outputs: Int) async throws {
        let count = ProcessInfo.processInfo.environment["SLIPWAY_SOAK"] == nil ? 1000 : 10_000
        try await withTemporaryFolder { folder in
            let original = [UInt8](
                try Data(contentsOf: URL(fileURLWithPath: "\(repositoryRoot)/Tests/Fixtures/forests/\(file)")))
            let descriptor =
                file == CategoryForest.file
                ? try CategoryForest.describe(in: folder)
                : try describe(file, of: library, width: 6, outputs: outputs, in: folder)
            try Data(original).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
            _ = try ForestRuntime().open(modelAt: descriptor)
            var generator = SeededGenerator(seed: 20_261_126)
            var (refused, opened) = (0, 0)
            let matrix = Tensor(.float32, shape: [5, 6], elements: (0..<30).map { Float($0) - 15 })
            let rows = file == CategoryForest.file ? CategoryForest.rows : [matrix]
            for _ in 0..<count {
                var damaged = original
                damage(&damaged, using: &generator)
                try Data(damaged).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
                guard let engine = try? ForestRuntime().open(modelAt: descriptor) else {
                    refused += 1
                    continue
                }
                #expect(try engine.run(rows).count == 1)
                opened += 1
            }
            // Both must happen often, or the damage was of the wrong kind.
            #expect(refused > count / 5 && opened > count / 50, "\(refused) refused, \(opened) opened")
        }
    }

    private func refusal(of file: ModelFile) throws -> String {
        let error = #expect(throws: EngineError.self) { try ForestRuntime().open(modelAt: file) }
        return error?.explanation.message ?? ""
    }
}

/// Flips bits, overwrites with bytes and digits, cuts out, doubles or cuts off.
private func damage(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
    let place = Int.random(in: 0..<bytes.count, using: &generator)
    let end = min(bytes.count, place + Int.random(in: 1...16, using: &generator))
    switch Int.random(in: 0..<6, using: &generator) {
    case 0:
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
    case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 2:
        for index in place..<end where (48...57).contains(bytes[index]) {
            bytes[index] = UInt8.random(in: 48...57, using: &generator)
        }
    case 3: bytes.removeSubrange(place..<end)
    case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
    default: bytes.removeSubrange(place...)
    }
}
