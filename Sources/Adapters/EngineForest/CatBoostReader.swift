// SPDX-License-Identifier: Apache-2.0

/// CatBoost's JSON, of models of numbers and categories.
///
/// Values are compared in single precision, and leaves summed in double precision in the order of the trees; the sum is
/// scaled, and the bias added.
enum CatBoostReader {
    /// - Parameter rounds: So many of the first trees; `nil` for all.
    static func read(_ document: ModelDocument, rounds: Int?) throws(ForestFault) -> ForestModel {
        let model = try ModelFields(document)
        let features = try CatBoostFeatures(model)
        let (scale, bias) = try scaleAndBias(model)
        let margins = Margins(
            start: Array(repeating: 0, count: bias.count), scaleAndBias: (scale, bias))
        let forest =
            if model["oblivious_trees"] != nil {
                try symmetric(model.list("oblivious_trees").prefix(rounds ?? .max), features, sumCount: bias.count)
            } else {
                try branching(model.list("trees").prefix(rounds ?? .max), features, sumCount: bias.count)
            }
        return ForestModel(
            sums: .catboost(forest), margins: margins, transform: try transform(of: model),
            categories: features.categories)
    }

    private static func symmetric(
        _ trees: ArraySlice<ModelFields>, _ features: CatBoostFeatures, sumCount: Int
    ) throws(ForestFault) -> CatBoostForest {
        let questions = try trees.map { tree throws(ForestFault) in
            try tree.optionalList("splits").map { split throws(ForestFault) in
                try features.question(split)
            }
        }
        let (columns, splits) = try features.ranked(questions.joined())
        var built = SymmetricTrees(sumCount: sumCount)
        for (tree, questions) in zip(trees, questions) {
            try built.add(questions.compactMap { splits[$0] }, leaves: tree.doubles("leaf_values"))
        }
        return CatBoostForest(
            columnCount: features.columnCount, sumCount: sumCount, columns: columns, trees: .symmetric(built))
    }

    private static func branching(
        _ trees: ArraySlice<ModelFields>, _ features: CatBoostFeatures, sumCount: Int
    ) throws(ForestFault) -> CatBoostForest {
        let trees = try trees.map { tree throws(ForestFault) in try nodes(of: tree, features) }
        let questions = trees.joined().compactMap { node -> RankedQuestion? in
            if case .split(let question, _) = node { question } else { nil }
        }
        let (columns, splits) = try features.ranked(questions)
        var built = BranchingTrees(sumCount: sumCount)
        for tree in trees { try built.add(tree, splits) }
        return CatBoostForest(
            columnCount: features.columnCount, sumCount: sumCount, columns: columns, trees: .branching(built))
    }

    /// A tree's nodes, the root first, and children behind their parents.
    private static func nodes(
        of tree: ModelFields, _ features: CatBoostFeatures
    ) throws(ForestFault) -> [BranchingTrees.Source] {
        var waiting = [tree]
        var nodes: [BranchingTrees.Source] = []
        while nodes.count < waiting.count {
            let node = waiting[nodes.count]
            if let split = try node.optionalFields("split") {
                nodes.append(.split(try features.question(split), no: waiting.count))
                waiting += [try node.fields("left"), try node.fields("right")]
            } else if case .number(let value)? = node["value"] {
                nodes.append(.leaf([value]))
            } else {
                nodes.append(.leaf(try node.doubles("value")))
            }
        }
        return nodes
    }

    /// A number and a list in current versions, two numbers in older ones.
    private static func scaleAndBias(_ model: ModelFields) throws(ForestFault) -> (Double, [Double]) {
        let found: (Double, [Double])? =
            switch model["scale_and_bias"] {
            case nil: (1, [0])
            case .numbers(let pair)? where pair.count == 2: (pair[0], [pair[1]])
            case .list(let pair)? where pair.count == 2:
                switch (pair[0], pair[1]) {
                case (.number(let scale), .numbers(let bias)): (scale, bias.isEmpty ? [0] : bias)
                default: nil
                }
            default: nil
            }
        guard let found, found.1.count <= 1 << 16 else { throw ForestFault("“scale_and_bias” is not known") }
        return found
    }

    private static func transform(of model: ModelFields) throws(ForestFault) -> OutputTransform {
        let parameters = try model.fields("model_info").optionalFields("params")
        let loss = try parameters?.optionalFields("loss_function")?.optionalText("type") ?? ""
        switch loss {
        case "Logloss", "CrossEntropy", "Focal", "MultiClassOneVsAll", "MultiLogloss", "MultiCrossEntropy":
            return .sigmoid(scale: 1)
        case "MultiClass": return .softmax
        case "Poisson", "Tweedie": return .exponential
        // Answered with a variance beside the mean.
        case "RMSEWithUncertainty": throw .unknown("the loss RMSEWithUncertainty")
        default: return .identity
        }
    }
}
