// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Tensors

/// The columns of a table, and where their values lie while operations work on it.
///
/// A slot is a run of one value a row. Numbers and booleans lie in number slots, as doubles; INT64 and UINT64 there too,
/// by their bits, so that no digit is lost. Texts have slots of their own.
package struct TableShape: Sendable {
    package struct Entry: Sendable {
        package var column: TableColumn
        /// One for each value; of texts where the datatype is BYTES.
        package var slots: [Int]
    }

    package private(set) var entries: [Entry] = []
    /// Those of the entries, so that many columns do not cost the square of their number.
    private var names: Set<String> = []
    package private(set) var numberCount = 0
    package private(set) var textCount = 0

    /// - Throws: ``TableFault`` for two columns of one name, or more values than a row may have.
    package init(_ columns: [TableColumn]) throws(TableFault) {
        for column in columns { try append(column) }
        guard width <= TableColumn.widthLimit else {
            throw TableFault("a row has \(width) values, and at most \(TableColumn.widthLimit) are taken")
        }
    }

    /// How many values a row of its columns has.
    package var width: Int { entries.reduce(0) { $0 + $1.slots.count } }

    var slotCount: Int { numberCount + textCount }

    package var columns: [TableColumn] { entries.map(\.column) }

    /// What to say of a name that no column has: the nearest one there is.
    func unknown(_ name: String) -> TableFault {
        let known = columns.map(\.name)
        let hint =
            closestName(to: name, among: known).map { "did you mean “\($0)”?" }
            ?? "there are \(known.prefix(12).map { $0.prefix(100) }.joined(separator: ", "))"
        return TableFault("there is no column “\(name.prefix(100))” here; \(hint)")
    }

    /// Puts a new column with slots of its own at the end.
    @discardableResult
    package mutating func append(_ column: TableColumn) throws(TableFault) -> Entry {
        let entry = try made(column)
        try insert(entry, at: entries.count)
        return entry
    }

    /// A column with slots of its own that is not in the table yet.
    mutating func made(_ column: TableColumn) throws(TableFault) -> Entry {
        guard column.valueCount <= TableColumn.widthLimit else {
            throw TableFault("“\(column.name)” would have \(column.valueCount) values a row")
        }
        let isText = column.datatype == .bytes
        let first = isText ? textCount : numberCount
        if isText { textCount += column.valueCount } else { numberCount += column.valueCount }
        guard numberCount + textCount <= 4 * TableColumn.widthLimit else {
            throw TableFault("its operations make more than \(4 * TableColumn.widthLimit) values a row")
        }
        return Entry(column: column, slots: Array(first..<first + column.valueCount))
    }

    mutating func insert(_ entry: Entry, at index: Int) throws(TableFault) {
        guard names.insert(entry.column.name).inserted else {
            throw TableFault("there are two columns “\(entry.column.name.prefix(100))”")
        }
        entries.insert(entry, at: index)
    }

    /// The entry at `index` becomes another, in its place.
    mutating func replace(_ index: Int, by entry: Entry) throws(TableFault) {
        names.remove(entries.remove(at: index).column.name)
        try insert(entry, at: index)
    }

    mutating func keep(_ indices: [Int]) {
        entries = indices.map { entries[$0] }
        names = Set(entries.map(\.column.name))
    }

    mutating func remove(_ indices: [Int]) {
        let gone = Set(indices)
        keep(entries.indices.filter { !gone.contains($0) })
    }

    mutating func set(_ datatype: Datatype, of index: Int) { entries[index].column.datatype = datatype }

    /// All at once, so that names may trade places.
    mutating func rename(_ indices: [Int], to newNames: [String]) throws(TableFault) {
        for index in indices { names.remove(entries[index].column.name) }
        for (index, name) in zip(indices, newNames) {
            guard names.insert(name).inserted else { throw TableFault("there are two columns “\(name.prefix(100))”") }
            entries[index].column.name = name
        }
    }
}

extension Datatype {
    /// Whether a slot holds its bits rather than its value.
    package var liesAsBits: Bool { self == .int64 || self == .uint64 }
}
