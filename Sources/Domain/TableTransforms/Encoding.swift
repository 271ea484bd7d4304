// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// As `OneHotEncoder`: a 1 where the value's category counts.
func buildOneHot(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "categories", "unseen", "positions", "unseen_positions", "datatype")
    let columns = try fields.columns()
    guard let categories = try fields.lists("categories", count: columns.count) else {
        throw fields.wrong("categories", "a list for each column")
    }
    let unseen = try fields.choice("unseen", of: UnseenCategory.self) ?? .error
    let positions = try fields.rows("positions", count: columns.count)
    let unseenPositions = try fields.numbers("unseen_positions", count: columns.count)
    let datatype = try fields.datatype("datatype") ?? .float64
    guard datatype != .bytes, !datatype.liesAsBits else { throw fields.wrong("datatype", "FP32, FP64 or a small one") }
    for (number, index) in columns.enumerated() {
        let entry = builder.shape.entries[index]
        let name = entry.column.name
        guard entry.slots.count == 1 else {
            throw TableFault("\(entry.column.description) has several values a row; one each is encoded")
        }
        guard !categories[number].isEmpty else { throw TableFault("“\(name)” has no categories") }
        let known = try CategoryIndex(categories[number], of: entry.column)
        let own =
            try positions.map { lists throws(TableFault) in
                try wholePositions(lists[number], count: categories[number].count, fields)
            } ?? Array(categories[number].indices)
        let forUnseen =
            try unseenPositions.map { numbers throws(TableFault) in
                try wholePositions([numbers[number]], count: 1, fields)[0]
            } ?? -1
        let width = max(own.max() ?? -1, forUnseen) + 1
        guard width > 0 else { throw TableFault("no category of “\(name)” counts anywhere") }
        let labels =
            positions == nil && unseenPositions == nil
            ? categories[number].map { "\(name)_\($0.string ?? $0.text)" } : nil
        let targets = try builder.replace([index], by: TableColumn(name, datatype, width: width, labels: labels))
        builder.operations.append(
            OneHot(
                column: entry.column, source: entry.slots[0], targets: targets, categories: known, positions: own,
                unseen: forUnseen, refusesUnseen: unseen == .error && forUnseen < 0))
    }
}

private enum UnseenCategory: String, CaseIterable { case error, zeros }

private func wholePositions(
    _ numbers: [Double], count: Int, _ fields: OperationFields
) throws(TableFault) -> [Int] {
    let whole = numbers.compactMap(Int.init(exactly:))
    guard whole.count == count, whole.allSatisfy({ (-1..<TableColumn.widthLimit).contains($0) }) else {
        throw fields.wrong("positions", "a position for each category, or −1")
    }
    return whole
}

struct OneHot: TableOperation {
    let column: TableColumn
    let source: Int
    let targets: [Int]
    let categories: CategoryIndex
    /// Where each category counts; -1 for nowhere.
    let positions: [Int]
    let unseen: Int
    let refusesUnseen: Bool

    func run(_ table: inout WorkTable) throws(TableFault) {
        for (row, category) in categories.positions(table, source).enumerated() {
            if category == nil, refusesUnseen {
                let text = categories.text(table, source, row, of: column.datatype)
                throw TableFault("\(text) is no known value of “\(column.name)”", row: row)
            }
            let position = category.map { positions[$0] } ?? unseen
            // Everywhere else there are zeros already: nobody has written there.
            if position >= 0 { table[targets[position], row] = 1 }
        }
    }

    var flows: [SlotFlow] {
        column.datatype == .bytes
            ? [SlotFlow(texts: [source], targets: targets)] : [SlotFlow(numbers: [source], targets: targets)]
    }
}

/// As `OrdinalEncoder` and `TargetEncoder`: a value becomes the number, or the numbers, that stand beside it.
func buildLookup(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "keys", "values", "unseen", "to")
    let columns = try fields.columns()
    guard let keys = try fields.lists("keys", count: columns.count),
        let values = try fields.lists("values", count: columns.count)
    else { throw TableFault("it takes “keys” and “values”, a list for each column") }
    let datatype = try fields.datatype("to") ?? .float64
    guard datatype != .bytes, !datatype.liesAsBits else { throw fields.wrong("to", "FP32, FP64 or a small integer") }
    let unseen = fields["unseen"]
    for (number, index) in columns.enumerated() {
        let entry = builder.shape.entries[index]
        let name = entry.column.name
        guard entry.slots.count == 1 else {
            throw TableFault("\(entry.column.description) has several values a row; one each is looked up")
        }
        guard keys[number].count == values[number].count else {
            throw TableFault("“\(name)” has \(keys[number].count) keys and \(values[number].count) values")
        }
        let width = values[number].first.map { $0.elements?.count } ?? unseen?.elements?.count
        guard width != 0 else { throw fields.wrong("values", "a number for each key, or as many for each") }
        let cast = { (row: [Double]) throws(TableFault) -> [Double] in
            try row.map { value throws(TableFault) in
                if value.isNaN, datatype.isFloatingPoint { return value }
                guard let cast = castNumber(value, from: .float64, to: datatype) else {
                    throw TableFault("\(value) does not fit \(datatype.rawValue)")
                }
                return cast
            }
        }
        let rows = try values[number].map { value throws(TableFault) in
            try cast(try lookupRow(value, width: width, fields))
        }
        // What is absent stays NaN; only the word refuses.
        let isRefused = unseen?.string == "error"
        let otherwise =
            isRefused
            ? nil : try cast(try lookupRow(unseen ?? .null, width: width, fields, spreads: true))
        let known = try CategoryIndex(keys[number], of: entry.column)
        let targets = try builder.replace([index], by: TableColumn(name, datatype, width: width))
        builder.operations.append(
            Lookup(
                column: entry.column, source: entry.slots[0], targets: targets, keys: known, rows: rows,
                unseen: otherwise))
    }
}

/// - Parameter spreads: Whether one number stands for all of them.
private func lookupRow(
    _ value: JSONValue, width: Int?, _ fields: OperationFields, spreads: Bool = false
) throws(TableFault) -> [Double] {
    let number = { (value: JSONValue) in value.isNull ? Double.nan : value.double }
    if let width, let elements = value.elements {
        let numbers = elements.compactMap(number)
        guard numbers.count == width else { throw fields.wrong("values", "\(width) numbers for each key") }
        return numbers
    }
    guard width == nil || spreads, let one = number(value) else {
        throw fields.wrong("values", "a number for each key, or as many for each")
    }
    return [Double](repeating: one, count: width ?? 1)
}

struct Lookup: TableOperation {
    let column: TableColumn
    let source: Int
    let targets: [Int]
    let keys: CategoryIndex
    let rows: [[Double]]
    /// `nil` refuses what is unseen.
    let unseen: [Double]?

    func run(_ table: inout WorkTable) throws(TableFault) {
        for (row, key) in keys.positions(table, source).enumerated() {
            guard let found = key.map({ rows[$0] }) ?? unseen else {
                let text = keys.text(table, source, row, of: column.datatype)
                throw TableFault("\(text) is no known value of “\(column.name)”", row: row)
            }
            for (target, value) in zip(targets, found) { table[target, row] = value }
        }
    }

    var flows: [SlotFlow] {
        column.datatype == .bytes
            ? [SlotFlow(texts: [source], targets: targets)] : [SlotFlow(numbers: [source], targets: targets)]
    }
}

/// As `KBinsDiscretizer`: how many edges are not above the value.
func buildBucketise(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "edges", "one_hot")
    let columns = try fields.columns()
    guard let edges = try fields.rows("edges", count: columns.count) else {
        throw fields.wrong("edges", "a list of numbers for each column")
    }
    for list in edges
    where zip(list, list.dropFirst()).contains(where: { !($0 <= $1) }) || list.contains(where: \.isNaN) {
        throw TableFault("“edges” are not in order")
    }
    let isOneHot = try fields.flag("one_hot") ?? false
    for (index, edges) in zip(columns, edges) {
        try builder.makeFloating(index)
        let entry = builder.shape.entries[index]
        guard entry.slots.count == 1 else {
            throw TableFault("\(entry.column.description) has several values a row; one each is bucketised")
        }
        let targets =
            isOneHot
            ? try builder.replace(
                [index], by: TableColumn(entry.column.name, entry.column.datatype, width: edges.count + 1))
            : entry.slots
        builder.operations.append(
            Bucketise(
                source: entry.slots[0], targets: targets, edges: edges, isOneHot: isOneHot,
                rounding: Rounding(entry.column.datatype)))
    }
}

struct Bucketise: TableOperation {
    let source: Int
    let targets: [Int]
    let edges: [Double]
    let isOneHot: Bool
    let rounding: Rounding

    func run(_ table: inout WorkTable) {
        for row in 0..<table.rowCount {
            let value = table[source, row]
            let bucket = countNotAbove(value, in: edges)
            guard isOneHot else {
                table[source, row] = value.isNaN ? value : rounding(Double(bucket))
                continue
            }
            if !value.isNaN { table[targets[bucket], row] = 1 }
        }
    }

    var flows: [SlotFlow] { [SlotFlow(numbers: [source], targets: targets)] }
}

/// How many of `edges`, which are in order, are not above `value`.
private func countNotAbove(_ value: Double, in edges: [Double]) -> Int {
    var low = 0
    var high = edges.count
    while low < high {
        let middle = (low + high) / 2
        if edges[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
}
