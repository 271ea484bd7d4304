// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// LightGBM's text format, version 3 and 4.
///
/// Leaves are summed in double precision in the order of the trees; a random forest's sums are divided by its rounds.
struct LightGBMReader {
    private let bytes: [UInt8]
    private var position = 0

    /// - Parameter rounds: So many of the first rounds of boosting, as after an early stop; `nil` for all.
    static func read(_ bytes: [UInt8], rounds: Int?) throws(ForestFault) -> ForestModel {
        var reader = LightGBMReader(bytes: bytes)
        return try reader.model(rounds: rounds)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The lines up to the next empty one, as names and values.
    private mutating func block() -> Fields {
        var fields = Fields()
        while position < bytes.count {
            let rest = bytes[position...]
            let line = rest[..<(rest.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count)]
            position = line.endIndex + 1
            if line.isEmpty { break }
            let equals = line.firstIndex(of: UInt8(ascii: "=")) ?? line.endIndex
            fields.add(String(decoding: line[..<equals], as: UTF8.self), line[equals...].dropFirst())
        }
        return fields
    }

    private mutating func model(rounds: Int?) throws(ForestFault) -> ForestModel {
        let head = block()
        guard head.has("tree"), head.has("num_class") else {
            throw ForestFault("it does not begin as a model of LightGBM")
        }
        let width = try head.count("num_tree_per_iteration")
        let classes = try head.count("num_class")
        guard (1...1 << 16).contains(width), (1...1 << 16).contains(classes) else {
            throw ForestFault("it has \(max(width, classes)) outputs")
        }
        let columnCount = try head.count("max_feature_idx") + 1
        guard columnCount < ForestNode<Double>.columnLimit else { throw ForestFault("it has \(columnCount) columns") }
        var forest = FlatForest<LightGBMRule>(columnCount: columnCount, sumCount: width)
        let limit = rounds.map { $0.multipliedReportingOverflow(by: width).partialValue } ?? .max
        while position < bytes.count {
            let fields = block()
            if fields.isEmpty { continue }
            if fields.has("end of trees") { break }
            guard fields.has("Tree") else { continue }
            guard forest.treeCount < limit else { continue }
            let nodes = try Self.tree(fields, sets: &forest)
            try forest.add(nodes, to: forest.treeCount % width)
        }
        if let expected = try head.optionalIntegers("tree_sizes")?.count, rounds == nil, expected != forest.treeCount {
            throw ForestFault("\(expected) trees are announced, and \(forest.treeCount) are there")
        }
        let isAverage = head.has("average_output")
        let scale = isAverage && forest.treeCount > 0 ? Double(forest.treeCount / width) : nil
        return ForestModel(
            sums: .lightgbm(forest),
            margins: Margins(start: Array(repeating: 0, count: width), divisor: scale),
            transform: try Self.transform(of: head.text("objective") ?? ""))
    }

    private static func tree(
        _ fields: Fields, sets forest: inout FlatForest<LightGBMRule>
    ) throws(ForestFault) -> [FlatForest<LightGBMRule>.Source] {
        let leafCount = try fields.count("num_leaves")
        guard leafCount >= 1 else { throw ForestFault("a tree has no leaves") }
        if fields.text("is_linear") == "1" { throw .unknown("a tree with linear leaves") }
        let leaves = try fields.doubles("leaf_value", count: leafCount)
        let inner = leafCount - 1
        guard inner > 0 else { return [.init(node: ForestNode(leaves[0], column: 0, .leaf), cover: 1)] }
        let covers = (
            try fields.optionalDoubles("internal_count", count: inner),
            try fields.optionalDoubles("leaf_count", count: leafCount)
        )
        let columns = try fields.integers("split_feature", count: inner)
        let thresholds = try fields.doubles("threshold", count: inner)
        let kinds = try fields.integers("decision_type", count: inner)
        let lefts = try fields.integers("left_child", count: inner)
        let rights = try fields.integers("right_child", count: inner)
        let sets = try categories(fields, sets: &forest)
        // Inner nodes, and behind them the leaves: a child that is a leaf is the complement of its number.
        let place = { (child: Int) in child >= 0 ? child : inner + ~child }
        var nodes: [FlatForest<LightGBMRule>.Source] = []
        nodes.reserveCapacity(inner + leafCount)
        for index in 0..<inner {
            guard (0..<ForestNode<Double>.columnLimit).contains(columns[index]) else {
                throw ForestFault("a node asks for column \(columns[index])")
            }
            var (threshold, traits) = (thresholds[index], try traits(of: kinds[index]))
            if traits.contains(.categories) {
                guard let number = Int(exactly: threshold), sets.indices.contains(number) else {
                    throw ForestFault("a node's categories are not there")
                }
                threshold = sets[number]
            }
            nodes.append(
                .init(
                    node: ForestNode(threshold, column: columns[index], traits), left: place(lefts[index]),
                    right: place(rights[index]), cover: covers.0.map { Float($0[index]) } ?? 0))
        }
        for (index, leaf) in leaves.enumerated() {
            nodes.append(.init(node: ForestNode(leaf, column: 0, .leaf), cover: covers.1.map { Float($0[index]) } ?? 0))
        }
        return nodes
    }

    private static func traits(of kind: Int) throws(ForestFault) -> ForestNode<Double>.Traits {
        guard (0..<16).contains(kind) else { throw ForestFault("a node decides by \(kind)") }
        var traits: ForestNode<Double>.Traits = []
        if kind & 1 != 0 { traits.insert(.categories) }
        if kind & 2 != 0 { traits.insert(.missingLeft) }
        switch kind >> 2 {
        case 0: traits.insert(.missingIsZero)
        case 1: traits.formUnion([.missingIsZero, .zeroIsMissing])
        case 2: break
        default: throw ForestFault("a node decides by \(kind)")
        }
        return traits
    }

    /// The numbers of the tree's sets in the forest.
    private static func categories(
        _ fields: Fields, sets forest: inout FlatForest<LightGBMRule>
    ) throws(ForestFault) -> [Double] {
        let count = try fields.count("num_cat")
        guard count > 0 else { return [] }
        let bounds = try fields.integers("cat_boundaries")
        let words = try fields.integers("cat_threshold")
        guard bounds.count == count + 1, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }),
            bounds.first == 0, bounds.last == words.count, words.allSatisfy({ (0...Int(UInt32.max)).contains($0) })
        else { throw ForestFault("a tree's categories are not there") }
        var sets: [Double] = []
        for index in 0..<count {
            sets.append(try forest.addSet(words: words[bounds[index]..<bounds[index + 1]].map(UInt32.init)))
        }
        return sets
    }

    private static func transform(of objective: String) throws(ForestFault) -> OutputTransform {
        let words = objective.split(separator: " ")
        let options = Dictionary(
            words.dropFirst().map { word -> (String, Double?) in
                let parts = word.split(separator: ":")
                return (String(parts[0]), parts.count == 2 ? Double(parts[1]) : nil)
            }
        ) { first, _ in first }
        let scale = options["sigmoid"].flatMap(\.self) ?? 1
        switch words.first ?? "" {
        case "binary", "multiclassova": return .sigmoid(scale: scale)
        case "cross_entropy", "xentropy": return .sigmoid(scale: 1)
        case "cross_entropy_lambda", "xentlambda": return .softplus
        case "multiclass": return .softmax
        case "poisson", "gamma", "tweedie": return .exponential
        case "regression" where options.keys.contains("sqrt"): return .signedSquare
        case "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg":
            return .identity
        case "", "none", "custom": throw .unknown("an objective of one's own")
        case let name: throw .unknown("the objective \(name.prefix(60))")
        }
    }
}

/// Named values of one block of the file.
private struct Fields {
    private var values: [String: ArraySlice<UInt8>] = [:]

    var isEmpty: Bool { values.isEmpty }

    mutating func add(_ name: String, _ value: ArraySlice<UInt8>) { values[name] = value }

    func has(_ name: String) -> Bool { values[name] != nil }

    func text(_ name: String) -> String? { values[name].map { String(decoding: $0, as: UTF8.self) } }

    func count(_ name: String) throws(ForestFault) -> Int {
        guard let count = text(name).flatMap({ Int($0) }), count >= 0, count < Int(Int32.max) else {
            throw ForestFault("“\(name)” is no count")
        }
        return count
    }

    /// - Parameter count: How many there have to be; `nil` for any number.
    func doubles(_ name: String, count: Int? = nil) throws(ForestFault) -> [Double] {
        try parsed(name, count) { DecimalList.doubles($0) ?? Self.unusualDoubles($0) }
    }

    /// With infinity among them.
    private static func unusualDoubles(_ text: ArraySlice<UInt8>) -> [Double]? {
        let words = text.split(separator: UInt8(ascii: " "))
        let found = words.compactMap { Double(String(decoding: $0, as: UTF8.self)) }
        return found.count == words.count ? found : nil
    }

    func optionalDoubles(_ name: String, count: Int) throws(ForestFault) -> [Double]? {
        has(name) ? try doubles(name, count: count) : nil
    }

    func integers(_ name: String, count: Int? = nil) throws(ForestFault) -> [Int] {
        try parsed(name, count, DecimalList.integers)
    }

    func optionalIntegers(_ name: String) throws(ForestFault) -> [Int]? { has(name) ? try integers(name) : nil }

    private func parsed<Value>(
        _ name: String, _ count: Int?, _ parse: (ArraySlice<UInt8>) -> [Value]?
    ) throws(ForestFault) -> [Value] {
        guard let value = values[name] else { throw ForestFault("“\(name)” is missing") }
        guard let found = parse(value) else { throw ForestFault("“\(name)” holds what is no number") }
        guard count == nil || found.count == count else {
            throw ForestFault("“\(name)” has \(found.count) values, and \(count ?? 0) are needed")
        }
        return found
    }
}
