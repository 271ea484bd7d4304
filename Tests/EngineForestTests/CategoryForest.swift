// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelExecution
import Tensors
import TestSupport

/// A model of CatBoost's that asks for categories, for counters of them, and for counters of combinations.
enum CategoryForest {
    static let file = "catboost-categories.json"

    static func json() throws -> String {
        try String(contentsOfFile: "\(repositoryRoot)/Tests/Fixtures/forests/\(file)", encoding: .utf8)
    }

    /// Rows of seen categories, of unseen ones, and of missing numbers.
    static let rows = [
        Tensor(strings: ["a", "red", "never seen"], shape: [3]),
        Tensor(.float64, shape: [3], elements: [0.5, .nan, -2]),
        Tensor(strings: ["blue", "", "a"], shape: [3]),
        Tensor(.int64, shape: [3], elements: [1, -2, 1_000_000_000_000_000_000]),
        Tensor(.float64, shape: [3], elements: [0.25, -1, 3]), Tensor(strings: ["c1", "c9", ""], shape: [3]),
    ]

    /// What the library answers to them.
    static let margins = [0.2837767955655843, -0.10973463177916536, -0.08453322770943213]

    /// A descriptor of its columns as inputs.
    static func describe(
        as datatypes: [String] = ["BYTES", "FP64", "BYTES", "INT64", "FP64", "BYTES"], in folder: String
    ) throws -> ModelFile {
        let inputs = zip(["few", "x", "many", "code", "y", "rare"], datatypes).map { name, datatype in
            #"{"name":"\#(name)","datatype":"\#(datatype)","shape":[-1]}"#
        }
        let path = "\(folder)/forest.json"
        try """
        {"schema":"slipway.forest/1","library":"catboost","model":"\(file)","inputs":[\(inputs.joined(separator: ","))],
         "outputs":[{"name":"margins","datatype":"FP64","shape":[-1],"gives":"margins"}]}
        """.write(toFile: path, atomically: true, encoding: .utf8)
        return ModelFile(path: path)
    }
}
