// SPDX-License-Identifier: Apache-2.0

/// CatBoost's JSON, of models of numbers.
///
/// Values are compared in single precision, and leaves summed in double precision in the order of the trees; the sum is
/// scaled, and the bias added.
enum CatBoostReader {
    /// - Parameter rounds: So many of the first trees; `nil` for all.
    static func read(_ document: ModelDocument, rounds: Int?) throws(ForestFault) -> ForestModel {
        let model = try ModelFields(document)
        let features = try model.fields("features_info")
        for kind in ["categorical_features", "text_features", "embedding_features"] {
            if case .list(let found)? = features[kind], !found.isEmpty {
                throw .unknown("a model with \(kind.split(separator: "_").joined(separator: " "))")
            }
        }
        let columns = try Columns(features)
        let (scale, bias) = try scaleAndBias(model)
        let margins = Margins(
            start: Array(repeating: 0, count: bias.count), scaleAndBias: (scale, bias))
        let transform = try transform(of: model)
        if model["oblivious_trees"] != nil {
            let trees = try model.list("oblivious_trees").prefix(rounds ?? .max).map { tree throws(ForestFault) in
                (
                    splits: try (tree["splits"] == nil ? [] : tree.list("splits")).map { split throws(ForestFault) in
                        try columns.split(split)
                    }, leaves: try tree.doubles("leaf_values")
                )
            }
            let forest = try ObliviousForest(columnCount: columns.count, sumCount: bias.count, trees: trees)
            return ForestModel(sums: .catboost(forest), margins: margins, transform: transform)
        }
        throw .unknown("a tree that is not symmetric")
    }

    /// Columns by the numbers that splits use.
    private struct Columns {
        let count: Int
        private let floats: [Int: (column: Int, missingIsLarger: Bool)]

        init(_ features: ModelFields) throws(ForestFault) {
            var floats: [Int: (column: Int, missingIsLarger: Bool)] = [:]
            var count = 0
            for feature in try features.list("float_features") {
                let index = try feature.count("feature_index")
                let column = try feature.optionalCount("flat_feature_index") ?? index
                guard column < ForestNode<Float>.columnLimit else { throw ForestFault("it has \(column) columns") }
                floats[index] = (column, feature.optionalText("nan_value_treatment") == "AsTrue")
                count = max(count, column + 1)
            }
            guard count > 0 else { throw ForestFault("it has no columns of numbers") }
            self.floats = floats
            self.count = count
        }

        func split(_ fields: ModelFields) throws(ForestFault) -> ObliviousForest.Split {
            guard try fields.text("split_type") == "FloatFeature" else {
                throw .unknown("a split that is not of a number")
            }
            guard let found = floats[try fields.count("float_feature_index")] else {
                throw ForestFault("a split asks for a column that is not there")
            }
            return .init(
                column: found.column, border: Float(try fields.number("border")), missingIsLarger: found.missingIsLarger
            )
        }
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
        return switch loss {
        case "Logloss", "CrossEntropy", "MultiClassOneVsAll", "MultiLogloss", "MultiCrossEntropy": .sigmoid(scale: 1)
        case "MultiClass": .softmax
        case "Poisson", "Tweedie": .exponential
        default: .identity
        }
    }
}
