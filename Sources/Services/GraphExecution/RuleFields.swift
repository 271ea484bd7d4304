// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// The keys of a combiner.
struct RuleFields {
    private let rule: JSONValue
    private let names: [String]

    init(_ rule: JSONValue, _ names: [String]) {
        self.rule = rule
        self.names = names
    }

    func require(only known: [String]) throws(GraphFault) {
        for name in names where name != "by" && !known.contains(name) {
            let hint = closestName(to: name, among: known).map { "; did you mean “\($0)”?" } ?? ""
            throw GraphFault("“\(rule["by"]?.string ?? "")” has no key “\(name.prefix(60))”\(hint)")
        }
    }

    func optionalNumbers(_ key: String, count: Int) throws(GraphFault) -> [Double]? {
        guard let value = rule[key], !value.isNull else { return nil }
        let numbers = value.elements?.compactMap(\.double) ?? []
        guard numbers.count == count, numbers.allSatisfy(\.isFinite) else {
            throw GraphFault("“\(key)” takes \(count) numbers")
        }
        return numbers
    }

    func numbers(_ key: String, count: Int) throws(GraphFault) -> [Double] {
        guard let numbers = try optionalNumbers(key, count: count) else {
            throw GraphFault("“\(key)” takes \(count) numbers")
        }
        return numbers
    }

    func rows(_ key: String, width: Int) throws(GraphFault) -> [[Double]] {
        let rows = rule[key]?.elements?.map { $0.elements?.compactMap(\.double) ?? [] } ?? []
        guard !rows.isEmpty, rows.allSatisfy({ $0.count == width && $0.allSatisfy(\.isFinite) }) else {
            throw GraphFault("“\(key)” takes lists of \(width) numbers")
        }
        return rows
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of _: Choice.Type
    ) throws(GraphFault) -> Choice? {
        guard let value = rule[key], !value.isNull else { return nil }
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            throw GraphFault("“\(key)” takes \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
