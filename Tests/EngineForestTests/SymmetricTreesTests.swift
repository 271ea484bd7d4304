// SPDX-License-Identifier: Apache-2.0
import EngineForest
import Foundation
import ModelExecution
import Tensors
import TestSupport
import Testing

/// Rows are ranked and compared in lanes; whoever stands beside them must not matter.
struct SymmetricTreesTests {
    /// A leaf's value says its number, which is made of the answers to the questions.
    @Test(arguments: [1, 3, 8, 9, 12]) func aLeafsNumberIsMadeOfAllAnswers(depth: Int) async throws {
        try await withTemporaryFolder { folder in
            let engine = try engine(of: (0..<5).map { _ in depth }, in: folder)
            var generator = SeededGenerator(seed: 3)
            let numbers = (0..<150).map { _ in Int.random(in: 0..<1 << depth, using: &generator) }
            let rows = numbers.flatMap { number in (0..<12).map { Float(number >> $0 & 1) } }
            let answers = try engine.run([Tensor(.float32, shape: [150, 12], elements: rows)])[0]
            #expect(answers.elements(as: Double.self) == numbers.map { Double(5 * $0) })
        }
    }

    @Test func rowsAreAnsweredInAnyCompanyAsAlone() async throws {
        try await withTemporaryFolder { folder in
            // Deep and bare trees among others, so that some are evaluated four at a time and some are not.
            let engine = try engine(of: [2, 3, 0, 8, 6, 9, 1, 4, 4, 4, 4, 12, 5], in: folder)
            var generator = SeededGenerator(seed: 5)
            let rows = (0..<200).map { _ in (0..<12).map { _ in Float.random(in: 0...1, using: &generator) } }
            let alone = try rows.map { row in
                try engine.run([Tensor(.float32, shape: [1, 12], elements: row)])[0].elements(as: Double.self)[0]
            }
            for count in [2, 3, 15, 16, 17, 48, 49, 63, 64, 65, 127, 128, 129, 200] {
                let part = Tensor(.float32, shape: [count, 12], elements: rows.prefix(count).flatMap(\.self))
                #expect(try engine.run([part])[0].elements(as: Double.self) == Array(alone.prefix(count)))
            }
        }
    }

    /// Trees of these depths, whose questions are whether columns are above a half; a leaf's value is its number.
    private func engine(of depths: [Int], in folder: String) throws -> any InferenceEngine {
        let trees = depths.map { depth in
            let splits = (0..<depth).map {
                #"{"split_type":"FloatFeature","float_feature_index":\#($0),"border":0.5,"split_index":\#($0)}"#
            }
            return #"{"splits":[\#(splits.joined(separator: ","))],"leaf_values":\#(Array(0..<1 << depth))}"#
        }
        let features = (0..<12).map {
            #"{"feature_index":\#($0),"flat_feature_index":\#($0),"borders":[0.5],"nan_value_treatment":"AsIs"}"#
        }
        try """
        {"features_info":{"float_features":[\(features.joined(separator: ","))]},"model_info":{},
         "oblivious_trees":[\(trees.joined(separator: ","))],"scale_and_bias":[1,[0]]}
        """.write(toFile: folder + "/model.json", atomically: true, encoding: .utf8)
        let descriptor = try describe("model.json", of: "catboost", width: 12, in: folder)
        let text = try String(contentsOfFile: descriptor.path, encoding: .utf8)
        try text.replacingOccurrences(of: #""score","datatype":"FP32""#, with: #""score","datatype":"FP64""#)
            .write(toFile: descriptor.path, atomically: true, encoding: .utf8)
        return try ForestRuntime().open(modelAt: descriptor)
    }
}
