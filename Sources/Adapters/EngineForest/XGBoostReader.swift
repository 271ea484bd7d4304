// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// XGBoost's own format, as JSON or UBJSON, of version 1.3 and later.
///
/// Leaves are summed in single precision in the order of the trees, from the base score on.
enum XGBoostReader {
    /// - Parameter rounds: So many of the first rounds of boosting, as after an early stop; `nil` for all.
    static func read(_ document: ModelDocument, rounds: Int?) throws(ForestFault) -> ForestModel {
        let learner = try ModelFields(document).fields("learner")
        let objective = try learner.fields("objective").text("name")
        var booster = try learner.fields("gradient_booster")
        var weights: [Float]?
        switch booster.optionalText("name") ?? "gbtree" {
        case "gbtree": break
        case "dart":
            weights = try booster.singles("weight_drop")
            booster = try booster.fields("gbtree")
        case let name: throw .unknown("the booster \(name)")
        }
        let model = try booster.fields("model")
        let parameters = try learner.fields("learner_model_param")
        let width = max(
            try parameters.optionalCount("num_class") ?? 0, try parameters.optionalCount("num_target") ?? 1, 1)
        guard width <= 1 << 16 else { throw ForestFault("it has \(width) outputs") }
        var forest = FlatForest<XGBoostRule>(columnCount: try columns(parameters), sumCount: width)
        let trees = try model.list("trees")
        let targets = try model.integers("tree_info")
        guard targets.count == trees.count else {
            throw ForestFault("its trees are \(trees.count) and \(targets.count)")
        }
        if let weights, weights.count != trees.count {
            throw ForestFault("its trees and their weights differ in number")
        }
        let parallel = max(try model.fields("gbtree_model_param").optionalCount("num_parallel_tree") ?? 1, 1)
        let used = rounds.map { min(trees.count, $0.multipliedReportingOverflow(by: parallel * width).partialValue) }
        for index in 0..<(used ?? trees.count) {
            let nodes = try tree(trees[index], weight: weights?[index], sets: &forest)
            try forest.add(nodes, to: targets[index])
        }
        return ForestModel(
            sums: .xgboost(forest),
            margins: Margins(start: try base(parameters, objective: objective, width)),
            transform: try transform(of: objective))
    }

    private static func columns(_ parameters: ModelFields) throws(ForestFault) -> Int {
        let count = try parameters.count("num_feature")
        guard (1..<ForestNode<Float>.columnLimit).contains(count) else { throw ForestFault("it has \(count) columns") }
        return count
    }

    private static func tree(
        _ fields: ModelFields, weight: Float?, sets forest: inout FlatForest<XGBoostRule>
    ) throws(ForestFault) -> [FlatForest<XGBoostRule>.Source] {
        if let size = try fields.fields("tree_param").optionalCount("size_leaf_vector"), size > 1 {
            throw .unknown("a tree with several values a leaf")
        }
        let lefts = try fields.integers("left_children")
        let rights = try fields.integers("right_children")
        let columns = try fields.integers("split_indices")
        let conditions = try fields.singles("split_conditions")
        let defaults = try fields.doubles("default_left")
        let count = lefts.count
        let covers =
            try fields["sum_hessian"] == nil
            ? [Float](repeating: 0, count: count) : fields.singles("sum_hessian")
        guard [rights, columns].allSatisfy({ $0.count == count }),
            [conditions, covers].allSatisfy({ $0.count == count }),
            defaults.count == count
        else {
            throw ForestFault("the lists of a tree's nodes differ in length")
        }
        let sets = try categories(fields)
        var nodes: [FlatForest<XGBoostRule>.Source] = []
        nodes.reserveCapacity(count)
        for index in 0..<count {
            guard lefts[index] >= 0 else {
                let value = conditions[index]
                let node = ForestNode<Float>(weight.map { $0 * value } ?? value, column: 0, .leaf)
                nodes.append(.init(node: node, cover: covers[index]))
                continue
            }
            guard (0..<ForestNode<Float>.columnLimit).contains(columns[index]) else {
                throw ForestFault("a node asks for column \(columns[index])")
            }
            var traits: ForestNode<Float>.Traits = defaults[index] != 0 ? .missingLeft : []
            var threshold = conditions[index]
            if let set = sets[index] {
                traits.insert(.categories)
                threshold = try forest.addSet(set)
            }
            nodes.append(
                .init(
                    node: ForestNode(threshold, column: columns[index], traits), left: lefts[index],
                    right: rights[index], cover: covers[index]))
        }
        return nodes
    }

    /// The categories that go to the right, by node.
    private static func categories(_ fields: ModelFields) throws(ForestFault) -> [Int: [Int]] {
        guard let nodes = try fields.optionalIntegers("categories_nodes"), !nodes.isEmpty else { return [:] }
        let starts = try fields.integers("categories_segments")
        let sizes = try fields.integers("categories_sizes")
        let all = try fields.integers("categories")
        guard starts.count == nodes.count, sizes.count == nodes.count else {
            throw ForestFault("the lists of a tree's categories differ in length")
        }
        var found: [Int: [Int]] = [:]
        for index in nodes.indices {
            let (start, size) = (starts[index], sizes[index])
            guard start >= 0, size >= 0, start <= all.count, size <= all.count - start else {
                throw ForestFault("a node's categories are not there")
            }
            let set = Array(all[start..<start + size])
            guard set.allSatisfy({ (0..<1 << 24).contains($0) }) else {
                throw ForestFault("a category is out of range")
            }
            found[nodes[index]] = set
        }
        return found
    }

    /// The base score as a margin; from version 3.1 on one for each output.
    private static func base(
        _ parameters: ModelFields, objective: String, _ width: Int
    ) throws(ForestFault) -> [Double] {
        let text = try parameters.text("base_score")
        let words = text.trimmingCharacters(in: CharacterSet(charactersIn: "[] ")).split(separator: ",")
        let scores = words.compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }
        guard scores.count == words.count, scores.count == 1 || scores.count == width else {
            throw ForestFault("its base score is “\(text.prefix(40))”")
        }
        let margins = scores.map { score -> Double in
            switch objective {
            case "binary:logistic", "reg:logistic":
                Double(-log(1 / score - 1))
            case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft": Double(log(score))
            default: Double(score)
            }
        }
        guard margins.allSatisfy(\.isFinite) else { throw ForestFault("its base score is “\(text.prefix(40))”") }
        return margins.count == width ? margins : Array(repeating: margins[0], count: width)
    }

    private static func transform(of objective: String) throws(ForestFault) -> OutputTransform {
        switch objective {
        case "binary:logistic", "reg:logistic": .sigmoid(scale: 1)
        case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft": .exponential
        case "multi:softprob": .softmax
        case "multi:softmax": .largest
        case "binary:hinge": .hinge
        case "reg:squarederror", "reg:linear", "reg:absoluteerror", "reg:quantileerror", "reg:pseudohubererror",
            "reg:squaredlogerror", "rank:ndcg", "rank:pairwise", "rank:map", "binary:logitraw":
            .identity
        default: throw .unknown("the objective \(objective.prefix(60))")
        }
    }
}
