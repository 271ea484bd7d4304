// SPDX-License-Identifier: Apache-2.0
import EngineForest
import Foundation
import ModelDomain
import ModelExecution
import Tensors
import TestSupport
import Testing

struct CategoryForestTests {
    @Test func categoriesAreCountedAsTheLibraryDoes() async throws {
        try await withTemporaryFolder { folder in
            try write(try CategoryForest.json(), in: folder)
            let engine = try ForestRuntime().open(modelAt: try CategoryForest.describe(in: folder))
            #expect(try engine.run(CategoryForest.rows)[0].elements(as: Double.self) == CategoryForest.margins)
        }
    }

    /// A whole number is a category called by its digits.
    @Test func oneRowIsAnsweredAsAmongOthers() async throws {
        try await withTemporaryFolder { folder in
            try write(try CategoryForest.json(), in: folder)
            let datatypes = ["BYTES", "FP32", "BYTES", "BYTES", "FP64", "BYTES"]
            let engine = try ForestRuntime().open(modelAt: try CategoryForest.describe(as: datatypes, in: folder))
            for (row, margin) in CategoryForest.margins.enumerated() {
                var inputs = CategoryForest.rows.map { $0.slice(row..<row + 1, shape: [1]) }
                let number = inputs[1].elements(as: Double.self)[0]
                inputs[1] = Tensor(.float32, shape: [1], elements: [Float(number)])
                inputs[3] = Tensor(strings: ["\(inputs[3].elements(as: Int64.self)[0])"], shape: [1])
                #expect(try engine.run(inputs)[0].elements(as: Double.self) == [margin])
            }
        }
    }

    @Test func manyRowsAreAnsweredAsFewOnes() async throws {
        try await withTemporaryFolder { folder in
            try write(try CategoryForest.json(), in: folder)
            let engine = try ForestRuntime().open(modelAt: try CategoryForest.describe(in: folder))
            let rows = try CategoryForest.rows.map { try #require(Tensor.joined(Array(repeating: $0, count: 40))) }
            let expected = (0..<40).flatMap { _ in CategoryForest.margins }
            #expect(try engine.run(rows)[0].elements(as: Double.self) == expected)
        }
    }

    @Test(arguments: [
        (["BYTES", "BYTES", "BYTES", "INT64", "FP64", "BYTES"], "column 1 of its trees is not"),
        (["BYTES", "FP64", "BYTES", "FP64", "FP64", "BYTES"], "column 3 of its trees is a category"),
    ])
    func columnsOfTheWrongKindAreRefused(datatypes: [String], reason: String) async throws {
        try await withTemporaryFolder { folder in
            try write(try CategoryForest.json(), in: folder)
            let descriptor = try CategoryForest.describe(as: datatypes, in: folder)
            let error = #expect(throws: EngineError.self) { try ForestRuntime().open(modelAt: descriptor) }
            #expect(error?.explanation.message.contains(reason) == true)
        }
    }

    @Test(arguments: [
        (#""ctr_data":"#, #""ctr_date":"#, "lacks “ctr_data”"),
        (#""categorical_features":"#, #""text_features":"#, "text features"),
        (#"Counter\"}": {"counter"#, #"Other\"}": {"counter"#, "lacks what the counter"),
        (#""ctr_type": "Counter", "elements""#, #""ctr_type": "Borders", "elements""#, "not of its kind"),
        (#""cat_feature_value"}]"#, #""text"}]"#, "a counter of text"),
        (#""hash_stride": 2"#, #""hash_stride": 1"#, "no table"),
        (#""split_type": "OneHotFeature""#, #""split_type": "Estimated""#, "a split by Estimated"),
    ])
    func whatTheFileLacksIsSaid(text: String, other: String, reason: String) async throws {
        try await withTemporaryFolder { folder in
            let json = try CategoryForest.json()
            try #require(json.contains(text))
            try write(json.replacingOccurrences(of: text, with: other), in: folder)
            let descriptor = try CategoryForest.describe(in: folder)
            let error = #expect(throws: EngineError.self) { try ForestRuntime().open(modelAt: descriptor) }
            #expect(error?.explanation.message.contains(reason) == true, "\(error?.explanation.message ?? "")")
        }
    }

    private func write(_ json: String, in folder: String) throws {
        try json.write(toFile: "\(folder)/\(CategoryForest.file)", atomically: true, encoding: .utf8)
    }
}
