// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
internal import ModelDomain
internal import TableTransforms
internal import Tensors

/// Turns the operations of a project file into those of `graph.json`, learning from training data what they leave open.
///
/// An operation is a map whose one key is its name, `impute: {age: median}`, with what else it says beside that; or one in
/// the words of `graph.json`, with `op`.
struct TransformWords {
    /// The columns as the operations so far have left them.
    private(set) var columns: [TableColumn]
    /// In the words of `graph.json`.
    private(set) var operations: [JSONValue] = []
    private var frame: TableFrame?
    /// The rows to learn from, before any operation.
    private let training: () throws -> TableFrame?

    init(on columns: [TableColumn], training: @escaping () throws -> TableFrame?) {
        self.columns = columns
        self.training = training
    }

    mutating func add(_ item: JSONValue) throws {
        for operation in try translated(item) {
            do throws(TableFault) {
                let program = try TableProgram([operation], on: columns)
                columns = program.output.columns
                try frame?.apply(operation)
            } catch {
                let name = operation["op"]?.string ?? ""
                throw GraphFault(
                    "“\(name)”: " + error.reason.replacing("operation 1 (\(name)): ", with: "")
                        + (error.row.map { " (row \($0) of the training data)" } ?? ""))
            }
            operations.append(operation)
        }
    }

    /// The rows as the operations so far have left them.
    private mutating func learning(_ what: String) throws -> TableFrame {
        if let frame { return frame }
        guard var rows = try training(), rows.rowCount > 0 else {
            throw GraphFault("\(what) is learned from training data: name it as baseline.data, or write the values")
        }
        do throws(TableFault) {
            for operation in operations { try rows.apply(operation) }
        } catch {
            throw GraphFault(error.reason + (error.row.map { " (row \($0) of the training data)" } ?? ""))
        }
        frame = rows
        return rows
    }

    // MARK: Words

    private static let plain = ["select", "drop", "lower", "upper", "strip", "softmax"]
    private static let functions = [
        "log", "log1p", "log2", "log10", "exp", "expm1", "sqrt", "cbrt", "square", "reciprocal", "abs", "negative",
        "sign", "floor", "ceil", "round", "trunc", "sin", "cos", "tan", "tanh", "sigmoid", "is_missing",
    ]
    private static let others = [
        "rename", "copy", "cast", "impute", "scale", "clip", "bucketise", "one_hot", "ordinal", "lookup", "concatenate",
        "hash", "normalise", "polynomial", "parts", "count",
    ]

    private mutating func translated(_ item: JSONValue) throws -> [JSONValue] {
        guard let members = item.members, !members.isEmpty else {
            throw GraphFault("an operation is a map like {impute: {age: median}}")
        }
        if item["op"] != nil { return [item] }
        let known = Self.plain + Self.functions + Self.others
        let named = members.filter { known.contains($0.name) }
        guard named.count == 1, let (word, value) = named.first.map({ ($0.name, $0.value) }) else {
            guard named.isEmpty else {
                throw GraphFault("one operation has \(named.map { "“\($0.name)”" }.joined(separator: " and "))")
            }
            let hint =
                closestName(to: members[0].name, among: known).map { "did you mean “\($0)”?" }
                ?? "docs/how-to/graphs.md lists them"
            throw GraphFault("there is no operation “\(members[0].name.prefix(40))”; \(hint)")
        }
        let rest = members.filter { $0.name != word }
        let extra = { (keys: [String]) throws(GraphFault) in
            for (key, _) in rest where !keys.contains(key) {
                let hint = closestName(to: key, among: keys).map { "; did you mean “\($0)”?" } ?? ""
                throw GraphFault("“\(word)” has no “\(key.prefix(40))”\(hint)")
            }
        }
        if Self.plain.contains(word) {
            try extra([])
            return [made(word, try names(value, word))]
        }
        if Self.functions.contains(word) {
            try extra([])
            return [made("apply", try names(value, word), [("function", .string(word))])]
        }
        switch word {
        case "rename", "copy":
            try extra([])
            let pairs = try map(value, word)
            return [made(word, pairs.map(\.0), [("to", .array(pairs.map(\.1)))])]
        case "cast":
            try extra([])
            return try map(value, word).map { name, type in
                let text = type.string ?? ""
                guard let datatype = Datatype(columnType: text) ?? Datatype(rawValue: text) else {
                    throw GraphFault("“cast” of “\(name)” takes a type such as float32, int64 or string")
                }
                return made("cast", [name], [("to", .string(datatype.rawValue))])
            }
        case "impute":
            try extra(["missing", "indicator"])
            return try map(value, word).map { name, fill in
                made(
                    word, [name], [("fill", .array(try self.fill(name, fill)))] + rest.map { ($0.name, $0.value) })
            }
        case "scale":
            try extra([])
            let pairs = value.members == nil ? try names(value, word).map { ($0, "standard") } : try map(value, word)
            return try pairs.map { name, how in try scale(name, how) }
        case "clip":
            try extra([])
            return try map(value, word).map { name, ends in
                guard let ends = ends.elements, ends.count == 2, ends.contains(where: { !$0.isNull }) else {
                    throw GraphFault("“clip” of “\(name)” takes [low, high]; either may be null")
                }
                let count = columns[try index(name)].valueCount
                let side = { (end: JSONValue) in
                    end.isNull ? nil : JSONValue.array([JSONValue](repeating: end, count: count))
                }
                return made(word, [name], [("low", side(ends[0])), ("high", side(ends[1]))])
            }
        case "bucketise":
            try extra(["one_hot"])
            return try map(value, word).map { name, edges in
                made(
                    word, [name], [("edges", .array([try self.edges(name, edges)])), ("one_hot", item["one_hot"])])
            }
        case "one_hot":
            try extra(["unseen"])
            let unseen = item["unseen"]?.string.map { $0 == "ignore" ? "zeros" : $0 } ?? "error"
            return try categorised(value, word).map { name, categories in
                made(word, [name], [("categories", .array([.array(categories)])), ("unseen", .string(unseen))])
            }
        case "ordinal":
            try extra(["unseen"])
            return try categorised(value, word).map { name, categories in
                made(
                    "lookup", [name],
                    [
                        ("keys", .array([.array(categories)])),
                        ("values", .array([.array(categories.indices.map { .integer(Int64($0)) })])),
                        ("unseen", item["unseen"] ?? "error"),
                    ])
            }
        case "lookup":
            try extra(["unseen"])
            return try map(value, word).map { name, table in
                guard let entries = table.members, !entries.isEmpty else {
                    throw GraphFault("“lookup” of “\(name)” takes a map of values to numbers")
                }
                let isText = columns[try index(name)].datatype == .bytes
                return made(
                    word, [name],
                    [
                        ("keys", .array([.array(entries.map { isText ? .string($0.name) : number($0.name) })])),
                        ("values", .array([.array(entries.map(\.value))])), ("unseen", item["unseen"] ?? "error"),
                    ])
            }
        case "concatenate":
            try extra(["to"])
            let pairs = value.members == nil ? [("features", value)] : try map(value, word, expanding: false)
            return try pairs.map { target, parts in
                made(word, try names(parts, word), [("as", .string(target)), ("to", item["to"])])
            }
        case "hash":
            try extra(["signed"])
            return try map(value, word).map { name, buckets in
                made(word, [name], [("buckets", buckets), ("signed", item["signed"])])
            }
        case "normalise":
            try extra(["norm"])
            return [made(word, try names(value, word), [("norm", item["norm"])])]
        case "polynomial":
            try extra(["degree", "as"])
            return [try polynomial(try names(value, word), item)]
        case "parts":
            try extra([])
            return try map(value, word).map { name, parts in made(word, [name], [("parts", parts)]) }
        default:
            try extra([])
            return try map(value, word).map { name, how in
                guard let keys = how.members else {
                    throw GraphFault("“count” of “\(name)” takes a map with “words” or “buckets”")
                }
                return made(word, [name], keys.map { ($0.name, $0.value) })
            }
        }
    }

    private func made(_ op: String, _ columns: [String], _ rest: [(String, JSONValue?)] = []) -> JSONValue {
        .record([("op", .string(op)), ("columns", .array(columns.map(JSONValue.string)))] + rest)
    }

    private func number(_ text: String) -> JSONValue {
        Int64(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.double) ?? .string(text)
    }

    // MARK: Columns

    private func index(_ name: String) throws(GraphFault) -> Int {
        guard let index = columns.firstIndex(where: { $0.name == name }) else {
            let hint =
                closestName(to: name, among: columns.map(\.name)).map { "did you mean “\($0)”?" }
                ?? "there are \(columns.prefix(12).map(\.name).joined(separator: ", "))"
            throw GraphFault("there is no column “\(name.prefix(100))” here; \(hint)")
        }
        return index
    }

    /// `all`, `numbers` and `texts` stand for the columns that there are, unless one is called so.
    private func expanded(_ name: String) throws(GraphFault) -> [String] {
        if columns.contains(where: { $0.name == name }) { return [name] }
        switch name {
        case "all": return columns.map(\.name)
        case "numbers": return columns.filter { $0.datatype != .bytes }.map(\.name)
        case "texts": return columns.filter { $0.datatype == .bytes }.map(\.name)
        default: return [columns[try index(name)].name]
        }
    }

    private func names(_ value: JSONValue, _ word: String) throws(GraphFault) -> [String] {
        let texts = value.string.map { [$0] } ?? value.elements?.compactMap(\.string) ?? []
        guard !texts.isEmpty, value.string != nil || texts.count == value.elements?.count else {
            throw GraphFault("“\(word)” takes columns")
        }
        var found: [String] = []
        for text in texts { found += try expanded(text).filter { !found.contains($0) } }
        return found
    }

    private func map(
        _ value: JSONValue, _ word: String, expanding: Bool = true
    ) throws(GraphFault) -> [(String, JSONValue)] {
        guard let members = value.members, !members.isEmpty else {
            throw GraphFault("“\(word)” takes a map of columns")
        }
        guard expanding else { return members.map { ($0.name, $0.value) } }
        var found: [(String, JSONValue)] = []
        for (name, value) in members { found += try expanded(name).map { ($0, value) } }
        return found
    }

    // MARK: Values

    private mutating func fill(_ name: String, _ how: JSONValue) throws -> [JSONValue] {
        let index = try index(name)
        let column = columns[index]
        guard let word = how.string else {
            return [JSONValue](repeating: how, count: column.valueCount)
        }
        guard column.datatype != .bytes else {
            guard word == Statistic.mostFrequent.rawValue else {
                return [JSONValue](repeating: .string(word), count: column.valueCount)
            }
            guard let text = mostFrequent(try learning("“most_frequent” of “\(name)”").texts(of: index)) else {
                throw GraphFault("“\(name)” is missing in all of the training data")
            }
            return [.string(text)]
        }
        guard let statistic = Statistic(rawValue: word) else {
            throw GraphFault("“impute” of “\(name)” takes mean, median, most_frequent or a number")
        }
        return try learning("“\(word)” of “\(name)”").numbers(of: index).map { values in
            guard let number = statistic(values) else {
                throw GraphFault("“\(name)” is missing in all of the training data")
            }
            return .double(number)
        }
    }

    private mutating func scale(_ name: String, _ how: JSONValue) throws -> JSONValue {
        let index = try index(name)
        let count = columns[index].valueCount
        if let keys = how.members {
            return made(
                "scale", [name],
                keys.map { key, value in
                    (key, value.elements == nil ? .array([JSONValue](repeating: value, count: count)) : value)
                })
        }
        guard let scaling = how.string.flatMap(Scaling.init(rawValue:)) else {
            throw GraphFault(
                "“scale” of “\(name)” takes \(Scaling.allCases.map(\.rawValue).joined(separator: ", ")), "
                    + "or a map with subtract, divide, multiply, add")
        }
        guard columns[index].datatype != .bytes else {
            throw GraphFault("“\(name)” is a text, and texts have no scale")
        }
        let learned = try learning("the scale of “\(name)”").numbers(of: index).map(scaling.learned)
        guard learned.allSatisfy({ $0 != nil }) else {
            throw GraphFault("“\(name)” is missing in all of the training data")
        }
        let found = learned.compactMap(\.self)
        return made(
            "scale", [name],
            [
                ("subtract", scaling == .maxAbs ? nil : .array(found.map { .double($0.subtract) })),
                ("divide", .array(found.map { .double($0.divide) })),
            ])
    }

    private mutating func edges(_ name: String, _ value: JSONValue) throws -> JSONValue {
        guard value.elements == nil else { return value }
        guard let count = value.integer, (2...1000).contains(count) else {
            throw GraphFault("“bucketise” of “\(name)” takes a list of edges, or how many buckets there are")
        }
        let index = try index(name)
        guard columns[index].datatype != .bytes else { throw GraphFault("“\(name)” is a text, and has no order") }
        let sorted = try learning("the buckets of “\(name)”").numbers(of: index)[0].filter { !$0.isNaN }.sorted()
        guard !sorted.isEmpty else { throw GraphFault("“\(name)” is missing in all of the training data") }
        var edges: [Double] = []
        for bucket in 1..<Int(count) {
            let edge = quantile(sorted, Double(bucket) / Double(count))
            if edge != edges.last { edges.append(edge) }
        }
        return .array(edges.map(JSONValue.double))
    }

    /// Columns with their categories: those that are written, or those that the training data has.
    private mutating func categorised(_ value: JSONValue, _ word: String) throws -> [(String, [JSONValue])] {
        if value.members != nil {
            return try map(value, word).map { name, list in
                guard let categories = list.elements else {
                    throw GraphFault("“\(word)” of “\(name)” takes a list of categories")
                }
                return (name, categories)
            }
        }
        return try names(value, word).map { name in
            let rows = try learning("“\(word)” of “\(name)”")
            guard let found = categories(of: try index(name), in: rows) else {
                throw GraphFault("“\(name)” has more than \(TableColumn.widthLimit) categories in the training data")
            }
            return (name, found)
        }
    }

    /// Every product of at most `degree` factors, as `PolynomialFeatures` orders them, without the constant.
    private func polynomial(_ names: [String], _ item: JSONValue) throws(GraphFault) -> JSONValue {
        let degree = item["degree"].map { $0.integer ?? 0 } ?? 2
        guard (1...8).contains(degree) else { throw GraphFault("“degree” takes 1 to 8") }
        var count = 0
        for name in names { count += columns[try index(name)].valueCount }
        var powers: [[Int]] = []
        var chosen: [[Int]] = [[]]
        for _ in 0..<degree {
            chosen = chosen.flatMap { before in ((before.last ?? 0)..<count).map { before + [$0] } }
            guard powers.count + chosen.count <= TableColumn.widthLimit else {
                throw GraphFault("“polynomial” makes more than \(TableColumn.widthLimit) values a row")
            }
            powers += chosen.map { factors in (0..<count).map { value in factors.count { $0 == value } } }
        }
        return made(
            "polynomial", names,
            [
                ("powers", .array(powers.map { .array($0.map { .integer(Int64($0)) }) })),
                ("as", item["as"] ?? "products"),
            ])
    }
}
