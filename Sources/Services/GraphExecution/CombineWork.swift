// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import TableTransforms
internal import Tensors

/// A rule that makes one of several.
///
/// A class, because every call of the graph looks at it.
package final class CombineWork: Sendable {
    /// One of those that are combined: where its columns lie.
    final class Member: Sendable {
        /// The table whose rows it has.
        let table: Int
        let columns: [(column: TableColumn, slots: [Int])]
        /// Of all columns.
        let slots: [Int]
        /// By slot, where numbers lie as bits.
        let datatypes: [Datatype]

        init(table: Int, columns: [(column: TableColumn, slots: [Int])]) {
            self.table = table
            self.columns = columns
            slots = columns.flatMap(\.slots)
            datatypes = columns.flatMap { column, slots in slots.map { _ in column.datatype } }
        }

        /// The number at a place among all slots, as its value.
        func value(_ values: [GraphValue], _ place: Int, row: Int) -> Double {
            let raw = number(values, slot: slots[place], row: row)
            return datatypes[place].liesAsBits ? castNumber(raw, from: datatypes[place], to: .float64) ?? .nan : raw
        }

        func isThere(_ values: [GraphValue], row: Int) -> Bool { values[table].place(row) >= 0 }

        /// - Precondition: it is there.
        func number(_ values: [GraphValue], slot: Int, row: Int) -> Double {
            values[table].number(slot, at: values[table].place(row))
        }
    }

    enum Rule: Sendable {
        /// Numbers, value by value.
        case numbers(NumberRule, weights: [Double]?, rounding: Bool)
        case vote(weights: [Double])
        case stack(coefficients: [[Double]], intercept: [Double], link: Link)
        case threshold(Double, ConstantColumn)
        case firstAvailable
        case select([(conditions: [RowCondition], take: Int)], otherwise: Int?)
    }

    enum NumberRule: String, CaseIterable, Sendable { case average, weighted, minimum, maximum, median }
    enum Link: String, CaseIterable, Sendable { case none, sigmoid, softmax }
    private enum Missing: String, CaseIterable { case nothing, renormalise }

    private static let names =
        NumberRule.allCases.map(\.rawValue) + ["vote", "stack", "threshold", "first_available", "select"]

    let table: GraphTable
    let members: [Member]
    let rule: Rule
    /// Whether those that are there are enough.
    let toleratesMissing: Bool

    init(
        _ rule: JSONValue, _ step: String, _ sources: [[GraphSource]], _ builder: inout PlanBuilder
    ) throws(GraphFault) {
        guard let fields = rule.members, let name = rule["by"]?.string else {
            throw GraphFault("“combine” is no object with “by”")
        }
        var members: [Member] = []
        for member in sources {
            var columns: [(column: TableColumn, slots: [Int])] = []
            for source in member { columns.append(try builder.slots(source)) }
            guard let first = member.first else { throw GraphFault("one of its references has no columns") }
            members.append(Member(table: first.table, columns: columns))
        }
        self.members = members
        let reading = RuleFields(rule, fields.map(\.name))
        if let kind = NumberRule(rawValue: name) {
            try reading.require(only: kind == .weighted ? ["weights", "missing"] : ["missing"])
            let columns = try Self.single(members, name)
            guard let first = columns.first,
                columns.allSatisfy({ $0.datatype != .bytes && $0.valueCount == first.valueCount })
            else {
                throw GraphFault(
                    "“\(name)” is of numbers of one width: \(columns.map(\.description).joined(separator: ", "))")
            }
            let weights = kind == .weighted ? try reading.numbers("weights", count: members.count) : nil
            if let weights { try Self.requireWeights(weights) }
            let isSingle = columns.allSatisfy { $0.datatype == .float32 }
            self.rule = .numbers(kind, weights: weights, rounding: isSingle)
            toleratesMissing = try reading.choice("missing", of: Missing.self) == .renormalise
            let column = TableColumn(step, isSingle ? .float32 : .float64, width: first.width)
            table = try GraphTable([column.spec])
            return
        }
        switch name {
        case "vote":
            try reading.require(only: ["weights"])
            let columns = try Self.single(members, name)
            guard let first = columns.first, columns.allSatisfy({ $0.datatype == first.datatype && $0.valueCount == 1 })
            else {
                throw GraphFault(
                    "“vote” is of labels of one datatype: \(columns.map(\.description).joined(separator: ", "))")
            }
            let weights = try reading.optionalNumbers("weights", count: members.count)
            if let weights { try Self.requireWeights(weights) }
            self.rule = .vote(weights: weights ?? members.map { _ in 1 })
            toleratesMissing = true
            table = try GraphTable([TableColumn(step, first.datatype).spec])
        case "stack":
            try reading.require(only: ["coefficients", "intercept", "link"])
            let width = members.reduce(0) { $0 + $1.slots.count }
            guard members.allSatisfy({ $0.columns.allSatisfy { $0.column.datatype != .bytes } }) else {
                throw GraphFault("“stack” is of numbers")
            }
            let coefficients = try reading.rows("coefficients", width: width)
            guard coefficients.count <= TableColumn.widthLimit else {
                throw GraphFault("“coefficients” has more than \(TableColumn.widthLimit) lists")
            }
            let intercept = try reading.optionalNumbers("intercept", count: coefficients.count)
            let link = try reading.choice("link", of: Link.self) ?? .none
            self.rule = .stack(
                coefficients: coefficients, intercept: intercept ?? coefficients.map { _ in 0 }, link: link)
            toleratesMissing = false
            let outputs = coefficients.count == 1 ? nil : coefficients.count
            table = try GraphTable([TableColumn(step, .float64, width: outputs).spec])
        case "threshold":
            try reading.require(only: ["at_least", "then", "else"])
            let columns = try Self.single(members, name)
            guard columns.count == 1, columns[0].valueCount == 1, columns[0].datatype != .bytes else {
                throw GraphFault(
                    "“threshold” is of one number a row: \(columns.map(\.description).joined(separator: ", "))")
            }
            guard let bound = rule["at_least"]?.double, !bound.isNaN, let then = rule["then"],
                let otherwise = rule["else"], let constants = ConstantColumn([otherwise, then])
            else { throw GraphFault("“threshold” takes “at_least”, a number, and “then” and “else”, of one kind") }
            self.rule = .threshold(bound, constants)
            toleratesMissing = false
            table = try GraphTable([TableColumn(step, constants.datatype).spec])
        case "first_available":
            try reading.require(only: [])
            self.rule = .firstAvailable
            toleratesMissing = true
            table = try Self.chosen(from: members, step)
        case "select":
            try reading.require(only: ["rules", "otherwise"])
            guard let rules = rule["rules"]?.elements, !rules.isEmpty else {
                throw GraphFault("“rules” lists none")
            }
            var found: [(conditions: [RowCondition], take: Int)] = []
            for entry in rules {
                guard let when = entry["when"], let take = entry["take"]?.integer.flatMap(Int.init(exactly:)),
                    members.indices.contains(take)
                else {
                    throw GraphFault("a rule is {“when”, “take”}, and takes one of the \(members.count) references")
                }
                let conditions = try GraphDescriptor.Condition.list(when)
                    .map { condition throws(GraphFault) in try builder.resolved(condition) }
                try requireKeys(of: entry, among: ["when", "take"], in: "a rule")
                found.append((conditions, take))
            }
            let otherwise = rule["otherwise"]?.integer.flatMap(Int.init(exactly:))
            guard otherwise.map(members.indices.contains) ?? (rule["otherwise"] == nil) else {
                throw GraphFault("“otherwise” is none of the references")
            }
            self.rule = .select(found, otherwise: otherwise)
            toleratesMissing = true
            table = try Self.chosen(from: members, step)
        default:
            let hint = closestName(to: name, among: Self.names).map { "; did you mean “\($0)”?" } ?? ""
            throw GraphFault("there is no combiner “\(name.prefix(40))”\(hint)")
        }
    }

    private static func requireWeights(_ weights: [Double]) throws(GraphFault) {
        guard weights.allSatisfy({ $0 >= 0 }), weights.contains(where: { $0 > 0 }) else {
            throw GraphFault("“weights” are not negative, and not all 0")
        }
    }

    /// The one column that each member has.
    private static func single(_ members: [Member], _ rule: String) throws(GraphFault) -> [TableColumn] {
        try members.map { member throws(GraphFault) in
            guard member.columns.count == 1 else {
                throw GraphFault(
                    "“\(rule)” is of one column of each step; one has \(member.columns.count): "
                        + member.columns.prefix(8).map(\.column.description).joined(separator: ", "))
            }
            return member.columns[0].column
        }
    }

    /// What comes out where members are chosen from: the columns that all of them have.
    private static func chosen(from members: [Member], _ step: String) throws(GraphFault) -> GraphTable {
        var columns = members[0].columns.map(\.column)
        let isSingle = columns.count == 1
        for member in members.dropFirst() {
            let others = member.columns.map(\.column)
            let areAlike =
                others.count == columns.count
                && zip(others, columns).allSatisfy {
                    $0.datatype == $1.datatype && $0.valueCount == $1.valueCount && (isSingle || $0.name == $1.name)
                }
            guard areAlike else {
                throw GraphFault(
                    "it chooses between tables that are not alike: "
                        + columns.prefix(8).map(\.description).joined(separator: ", ") + "; and "
                        + others.prefix(8).map(\.description).joined(separator: ", "))
            }
        }
        if isSingle { columns[0].name = step }
        return try GraphTable(columns.map(\.spec))
    }
}
