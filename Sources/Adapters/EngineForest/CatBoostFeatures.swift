// SPDX-License-Identifier: Apache-2.0

/// The columns of CatBoost's JSON, and what its splits ask of them.
struct CatBoostFeatures {
    private(set) var columnCount = 0
    /// The columns of categories.
    private(set) var categories: Set<Int> = []
    /// Columns by the numbers that splits use.
    private var numberColumns: [Int: Int] = [:]
    private var categoryColumns: [Int: Int] = [:]
    private var missingIsLarger: Set<Int> = []
    private var counters: [Counter] = []
    /// Of all counters in a row, and how many numbers splits of other kinds have before them.
    private var counterBorders: [(counter: Int, border: Float)] = []
    private var firstCounterSplit = 0

    init(_ model: ModelFields) throws(ForestFault) {
        let features = try model.fields("features_info")
        for kind in ["text_features", "embedding_features"] {
            if case .list(let found)? = features[kind], !found.isEmpty {
                throw .unknown("a model with \(kind.split(separator: "_").joined(separator: " "))")
            }
        }
        for feature in try features.optionalList("float_features") {
            let (index, column) = try place(of: feature)
            numberColumns[index] = column
            if feature.optionalText("nan_value_treatment") == "AsTrue" { missingIsLarger.insert(column) }
            firstCounterSplit += try feature.optionalDoubles("borders").count
        }
        for feature in try features.optionalList("categorical_features") {
            let (index, column) = try place(of: feature)
            categoryColumns[index] = column
            categories.insert(column)
            firstCounterSplit += try feature.optionalDoubles("values").count
        }
        guard columnCount > 0 else { throw ForestFault("it has no columns") }
        guard categories.isDisjoint(with: numberColumns.values) else {
            throw ForestFault("a column is of numbers and of categories")
        }
        let described = try features.optionalList("ctrs")
        guard !described.isEmpty else { return }
        try Self.requireOneTargetEach(model)
        var counts = try CounterCounts(model)
        for (number, counter) in described.enumerated() {
            counters.append(try self.counter(counter, &counts))
            counterBorders += try counter.optionalDoubles("borders").map { (number, Float($0)) }
        }
    }

    /// The number that splits use for a feature, and where its values stand in a row.
    private mutating func place(of feature: ModelFields) throws(ForestFault) -> (index: Int, column: Int) {
        let index = try feature.count("feature_index")
        let column = try feature.optionalCount("flat_feature_index") ?? index
        guard column < ForestNode<Float>.columnLimit else { throw ForestFault("it has \(column) columns") }
        columnCount = max(columnCount, column + 1)
        return (index, column)
    }

    /// What a split of a tree asks.
    func question(_ split: ModelFields) throws(ForestFault) -> RankedQuestion {
        switch try split.text("split_type") {
        case "FloatFeature": return try number(split)
        case "OneHotFeature": return try category(split)
        case "OnlineCtr":
            // Splits are numbered through: borders of numbers, then categories, then borders of counters.
            let index = try split.count("split_index") - firstCounterSplit
            guard counterBorders.indices.contains(index),
                counterBorders[index].border == Float(try split.number("border"))
            else { throw ForestFault("a split asks for a counter that is not there") }
            return .counter(counterBorders[index].counter, above: counterBorders[index].border)
        case let kind: throw .unknown("a split by \(kind.prefix(60))")
        }
    }

    /// - Returns: Columns that answer the questions, and how each is asked of them.
    func ranked(
        _ questions: some Sequence<RankedQuestion>
    ) throws(ForestFault) -> (columns: RankedColumns, splits: [RankedQuestion: RankedSplit]) {
        try RankedColumns.of(questions, missingIsLarger: missingIsLarger, counters: counters)
    }

    private func number(_ split: ModelFields) throws(ForestFault) -> RankedQuestion {
        guard let column = numberColumns[try split.count("float_feature_index")] else {
            throw ForestFault("a split asks for a column that is not there")
        }
        let border = Float(try split.number("border"))
        guard !border.isNaN else { throw ForestFault("a border is no number") }
        return .number(column: column, above: border)
    }

    private func category(_ split: ModelFields) throws(ForestFault) -> RankedQuestion {
        guard let column = categoryColumns[try split.count("cat_feature_index")] else {
            throw ForestFault("a split asks for a column that is not there")
        }
        // Numbers of categories are written with a sign.
        guard let hash = Int32(exactly: try split.number("value")) else {
            throw ForestFault("a split asks for a category that is none")
        }
        return .category(column: column, is: UInt32(bitPattern: hash))
    }
}

extension CatBoostFeatures {
    private func counter(_ fields: ModelFields, _ counts: inout CounterCounts) throws(ForestFault) -> Counter {
        let name = try fields.text("ctr_type")
        guard let kind = Counter.Kind(rawValue: name) else { throw .unknown("a counter \(name.prefix(60))") }
        let identifier = try fields.text("identifier")
        let found = try counts.of(identifier, kind)
        let targetBorder = try fields.optionalCount("target_border_idx") ?? 0
        guard targetBorder < found.width else { throw ForestFault("a counter's classes are not there") }
        return Counter(
            projection: try projection(fields.list("elements")), kind: kind, identifier: identifier, counts: found,
            targetBorder: targetBorder,
            prior: (Float(try fields.number("prior_numerator")), Float(try fields.number("prior_denomerator"))),
            shift: Float(try fields.number("shift")), scale: Float(try fields.number("scale")))
    }

    private func projection(_ elements: [ModelFields]) throws(ForestFault) -> Counter.Projection {
        var projection = Counter.Projection(categories: [], conditions: [])
        var exact: [RankedQuestion] = []
        for element in elements {
            switch try element.text("combination_element") {
            case "cat_feature_value":
                guard let column = categoryColumns[try element.count("cat_feature_index")] else {
                    throw ForestFault("a counter asks for a column that is not there")
                }
                projection.categories.append(column)
            case "float_feature": projection.conditions.append(try number(element))
            case "cat_feature_exact_value": exact.append(try category(element))
            case let kind: throw .unknown("a counter of \(kind.prefix(60))")
            }
        }
        // The order in which the library combines them.
        projection.conditions += exact
        return projection
    }

    /// The file has one table for each kind of counter of the same columns: where training cut the target in several
    /// ways for them, it has lost all but one.
    private static func requireOneTargetEach(_ model: ModelFields) throws(ForestFault) {
        let parameters = try model.optionalFields("model_info")?.optionalFields("params")
        guard let parameters = try parameters?.optionalFields("cat_feature_params") else { return }
        var lists = try ["simple_ctrs", "combinations_ctrs"].map { name throws(ForestFault) in
            try parameters.optionalList(name)
        }
        if let single = try parameters.optionalFields("per_feature_ctrs") {
            for name in single.names { lists.append(try single.optionalList(name)) }
        }
        for list in lists {
            var targets: [String: String] = [:]
            for counter in list {
                let target = try counter.optionalFields("target_binarization")
                let way =
                    "\(try target?.optionalCount("border_count") ?? 1) \(target?.optionalText("border_type") ?? "")"
                let kind = counter.optionalText("ctr_type") ?? ""
                guard targets.updateValue(way, forKey: kind) ?? way == way else {
                    throw .unknown("a model whose counters cut the target in several ways")
                }
            }
        }
    }
}

/// What was counted in training, by the identifiers of counters.
private struct CounterCounts {
    private let tables: ModelFields
    private var read: [String: Counter.Counts] = [:]

    init(_ model: ModelFields) throws(ForestFault) {
        guard let tables = try model.optionalFields("ctr_data") else {
            throw ForestFault("its file lacks “ctr_data”, from which its counters are read")
        }
        self.tables = tables
    }

    mutating func of(_ identifier: String, _ kind: Counter.Kind) throws(ForestFault) -> Counter.Counts {
        let counts = if let found = read[identifier] { found } else { try table(identifier) }
        read[identifier] = counts
        let isWidth =
            switch kind {
            case .counter, .frequency: counts.width == 1
            case .mean, .binarizedMean: counts.width == 2
            case .borders, .buckets: counts.width >= 2
            }
        guard isWidth else { throw ForestFault("what a counter counted is not of its kind") }
        return counts
    }

    private func table(_ identifier: String) throws(ForestFault) -> Counter.Counts {
        guard let table = try tables.optionalFields(identifier) else {
            throw ForestFault("its file lacks what the counter \(identifier.prefix(200)) counted")
        }
        var counts = Counter.Counts()
        counts.width = try table.count("hash_stride") - 1
        counts.denominator = try table.optionalCount("counter_denominator").map(Double.init) ?? 0
        guard counts.width >= 1, case .list(let entries)? = table["hash_map"],
            entries.count.isMultiple(of: counts.width + 1)
        else {
            throw ForestFault("what a counter counted is no table")
        }
        for row in stride(from: 0, to: entries.count, by: counts.width + 1) {
            guard case .text(let text) = entries[row], let hash = UInt64(text) else {
                throw ForestFault("what a counter counted is no table")
            }
            // It stands for an empty place of the library's table.
            if hash == .max { continue }
            counts.hashes.append(hash)
            for entry in entries[row + 1...row + counts.width] {
                guard case .number(let number) = entry, number.isFinite else {
                    throw ForestFault("what a counter counted is no number")
                }
                counts.values.append(number)
            }
        }
        return counts
    }
}
