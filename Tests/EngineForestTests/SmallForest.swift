// SPDX-License-Identifier: Apache-2.0
import EngineForest
import Foundation
import ModelExecution

/// XGBoost's JSON of a model of two columns, written by hand.
struct SmallForest {
    struct Tree {
        var lefts = [1, -1, -1]
        var rights = [2, -1, -1]
        var columns = [0, 0, 0]
        var conditions: [Double] = [0.5, -1, 2]
        var defaults = [1, 0, 0]

        var json: String {
            """
            {"tree_param":{"size_leaf_vector":"1"},"left_children":\(lefts),"right_children":\(rights),
             "split_indices":\(columns),"split_conditions":\(conditions),"default_left":\(defaults)}
            """
        }
    }

    var trees = [Tree(), Tree(columns: [1, 0, 0], conditions: [-1.5, 0.25, -0.75], defaults: [0, 0, 0])]
    var targets: [Int]?
    var classes = 0
    var objective = "binary:logistic"

    var json: String {
        """
        {"learner":{"objective":{"name":"\(objective)"},
        "learner_model_param":{"base_score":"5E-1","num_class":"\(classes)","num_feature":"2","num_target":"1"},
        "gradient_booster":{"name":"gbtree","model":{"gbtree_model_param":{"num_parallel_tree":"1"},
        "tree_info":\(targets ?? trees.map { _ in 0 }),"trees":[\(trees.map(\.json).joined(separator: ","))]}}}}
        """
    }

    /// Writes the model, and the descriptor that says what it gives.
    func write(into folder: String, width: Int = 2, gives: String = "prediction") throws -> ModelFile {
        try json.write(toFile: folder + "/model.json", atomically: true, encoding: .utf8)
        return try describe("model.json", of: "xgboost", width: width, gives: gives, in: folder)
    }
}

/// A descriptor of one matrix in, and one column of numbers out, or several.
func describe(
    _ model: String, of library: String, width: Int, gives: String = "margins", outputs: Int = 1, in folder: String
) throws -> ModelFile {
    let shape = outputs == 1 ? "[-1]" : "[-1,\(outputs)]"
    let descriptor = """
        {"schema":"slipway.forest/1","library":"\(library)","model":"\(model)",
         "inputs":[{"name":"rows","datatype":"FP32","shape":["batch",\(width)]}],
         "outputs":[{"name":"score","datatype":"FP32","shape":\(shape),"gives":"\(gives)"}]}
        """
    let path = "\(folder)/forest.json"
    try descriptor.write(toFile: path, atomically: true, encoding: .utf8)
    return ModelFile(path: path)
}
