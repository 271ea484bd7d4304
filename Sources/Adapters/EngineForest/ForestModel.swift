// SPDX-License-Identifier: Apache-2.0

/// A forest as its library left it: what it sums, and what becomes of the sums.
struct ForestModel {
    enum Sums {
        case xgboost(FlatForest<XGBoostRule>)
        case lightgbm(FlatForest<LightGBMRule>)
        case catboost(CatBoostForest)

        var explains: Bool {
            switch self {
            case .xgboost(let forest): forest.explains
            case .lightgbm(let forest): forest.explains
            case .catboost(let forest): forest.explains
            }
        }
    }

    let sums: Sums
    let margins: Margins
    let transform: OutputTransform
    /// The columns whose values are categories, given as texts or whole numbers.
    var categories: Set<Int> = []

    var columnCount: Int {
        switch sums {
        case .xgboost(let forest): forest.columnCount
        case .lightgbm(let forest): forest.columnCount
        case .catboost(let forest): forest.columnCount
        }
    }
}

/// From sums of leaves to raw margins, one for each output.
struct Margins {
    /// What sums begin with.
    var start: [Double]
    /// What they are divided by before they are transformed.
    var divisor: Double?
    /// What they are multiplied by in the end, and what is added after that.
    var scaleAndBias: (scale: Double, bias: [Double])?

    var count: Int { start.count }
}

/// From raw margins to what a library's `predict` answers.
enum OutputTransform: Hashable {
    case identity
    /// 1 / (1 + exp(−scale · x)), each by itself.
    case sigmoid(scale: Double)
    case exponential
    case softmax
    /// The number of the largest.
    case largest
    /// 1 where it is above 0, else 0.
    case hinge
    /// The square with the sign of the margin.
    case signedSquare
    /// log(1 + exp(x)).
    case softplus
}
