// SPDX-License-Identifier: Apache-2.0
package import ModelExecution
internal import TableTransforms

/// A column that a reference names, as somebody who writes the next step sees it.
package struct NamedField: Sendable {
    package let reference: GraphReference
    package let name: String
    /// What each of several values is called; `nil` where only their positions are known.
    package let labels: [String]?
    fileprivate let column: TableColumn?

    /// Each value of the column, by name.
    package var values: [(name: String, reference: GraphReference)] {
        guard let column, column.width != nil, reference.position == nil else { return [(name, reference)] }
        return column.valueNames.enumerated().map { position, name in
            (name, GraphReference(step: reference.step, column: reference.column, position: position))
        }
    }
}

extension GraphPlan {
    /// The columns that references put side by side.
    package static func fields(
        of references: [GraphReference], in descriptor: GraphDescriptor, models: [String: any InferenceEngine]
    ) throws(GraphFault) -> [NamedField] {
        var graph = descriptor
        graph.outputs = []
        let engine = try GraphEngine(graph, models: models)
        let names = [GraphReference.input] + engine.plan.steps.map(\.name)
        var found: [NamedField] = []
        for reference in references {
            guard let table = names.firstIndex(of: reference.step) else {
                throw GraphFault("“\(reference)” is of a step that comes later, or of none")
            }
            let fields = engine.plan.tables[table].fields
            let chosen =
                try reference.column.map { name throws(GraphFault) in
                    [fields[try engine.plan.tables[table].index(of: name, in: reference.step)]]
                } ?? fields
            for field in chosen {
                let position = reference.position.map { "[\($0)]" } ?? ""
                found.append(
                    NamedField(
                        reference: GraphReference(
                            step: reference.step, column: field.name, position: reference.position),
                        name: field.name + position, labels: position.isEmpty ? field.column?.labels : nil,
                        column: field.column))
            }
        }
        return found
    }
}
