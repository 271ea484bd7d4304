// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import TableTransforms
package import Tensors

/// One of the things that a step gives: a column, or a tensor that is none.
package struct GraphField: Sendable {
    package let spec: TensorSpec
    /// `nil` for a tensor.
    package let column: TableColumn?
    /// Where its values lie among those of its table; empty for a tensor.
    package let slots: [Int]

    package var name: String { spec.name }
    package var description: String { "“\(name.prefix(100))” \(spec.datatype.rawValue) \(spec.shapeDescription)" }
}

/// Everything that a step, or the graph's caller, gives.
package struct GraphTable: Sendable {
    package let fields: [GraphField]
    let numberCount: Int
    let textCount: Int
    private let positions: [String: Int]

    /// Fields whose values get slots one after the other.
    init(_ specs: [TensorSpec], noun: String = "outputs") throws(GraphFault) {
        var shape: TableShape
        var fields: [GraphField] = []
        var names: Set<String> = []
        do throws(TableFault) {
            shape = try TableShape([])
            for spec in specs {
                guard names.insert(spec.name).inserted else {
                    throw TableFault("there are two \(noun) “\(spec.name.prefix(100))”")
                }
                guard let column = TableColumn(spec) else {
                    fields.append(GraphField(spec: spec, column: nil, slots: []))
                    continue
                }
                fields.append(GraphField(spec: spec, column: column, slots: try shape.append(column).slots))
            }
        } catch {
            throw GraphFault(error.reason)
        }
        guard shape.width <= TableColumn.widthLimit else {
            throw GraphFault("a row has \(shape.width) \(noun), and at most \(TableColumn.widthLimit) are taken")
        }
        self.fields = fields
        numberCount = shape.numberCount
        textCount = shape.textCount
        positions = Self.positions(of: fields)
    }

    init(_ shape: TableShape) {
        fields = shape.entries.map { GraphField(spec: $0.column.spec, column: $0.column, slots: $0.slots) }
        numberCount = shape.numberCount
        textCount = shape.textCount
        positions = Self.positions(of: fields)
    }

    private static func positions(of fields: [GraphField]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
    }

    func index(of name: String) -> Int? { positions[name] }

    func index(of name: String, in owner: String) throws(GraphFault) -> Int {
        if let index = index(of: name) { return index }
        let hint =
            closestName(to: name, among: fields.map(\.name)).map { "did you mean “\($0)”?" }
            ?? "it gives \(fields.prefix(12).map { $0.name.prefix(100) }.joined(separator: ", "))"
        throw GraphFault("“\(owner)” gives no “\(name.prefix(100))”; \(hint)")
    }
}

/// A field of a table, or one value of it, that somebody reads.
struct GraphSource: Sendable, Hashable {
    /// Position of the table: 0 is what the graph takes, further ones are the steps in the order in which they run.
    let table: Int
    let field: Int
    /// One of the values of a column.
    let position: Int?
    /// How the reference was written, for errors.
    let text: String
}
