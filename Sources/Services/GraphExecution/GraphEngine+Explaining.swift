// SPDX-License-Identifier: Apache-2.0
package import ModelExecution
internal import TableTransforms
package import Tensors

extension GraphEngine {
    /// Those of the model that gives the output, put down to the columns that its values were made of.
    ///
    /// - Returns: `nil` where something else than transforms of single columns stands before the model, or anything
    ///   behind it.
    package func contributions(
        _ inputs: [Tensor], toward output: Int, position: Int?
    ) throws(EngineError) -> ValueContributions? {
        guard let (index, field, chosen) = source(of: output, position), let model = models[index],
            case .model(let work) = plan.steps[index].work, plan.steps[index].conditions.isEmpty
        else { return nil }
        let origins = plan.origins
        var sources: [Int?] = []
        for part in work.inputs.flatMap(\.parts) {
            for slot in part.slots {
                guard let own = part.datatype == .bytes ? origins[part.table]?.texts : origins[part.table]?.numbers,
                    own[slot].count <= 1
                else { return nil }
                sources.append(own[slot].first)
            }
        }
        guard work.inputs.allSatisfy(\.isOfColumns) else { return nil }
        try requireFit(inputs)
        let rowCount = try rowCount(of: inputs)
        let (values, _) = try evaluate(inputs, rowCount, Call())
        guard values[index + 1].places == nil else { return nil }
        let given = try work.inputs.map { input throws(EngineError) in
            try input.tensor(values, rows: nil, of: rowCount)
        }
        guard let own = try model.contributions(given, toward: field, position: chosen) else { return nil }
        let count = plan.tables[0].fields.reduce(0) { $0 + ($1.column?.valueCount ?? 0) }
        guard own.valueCount == sources.count else { return nil }
        var numbers = [Double](repeating: 0, count: rowCount * (count + 1))
        for row in 0..<rowCount {
            let start = row * (count + 1)
            numbers[start + count] = own.expected(row: row)
            for (value, source) in sources.enumerated() {
                // What no column decides is part of what is expected.
                numbers[start + (source ?? count)] += own.contribution(row: row, value: value)
            }
        }
        return ValueContributions(rowCount: rowCount, valueCount: count, numbers: numbers)
    }

    /// The step and the output of its model that an output of the graph is, and which value of that.
    private func source(of output: Int, _ position: Int?) -> (step: Int, field: Int, position: Int?)? {
        let recipe = plan.outputs[output]
        guard let part = recipe.parts.first, part.table > 0 else { return nil }
        for (index, field) in plan.tables[part.table].fields.enumerated() {
            guard field.spec.datatype == part.datatype, let first = part.slots.first,
                let place = field.slots.firstIndex(of: first)
            else { continue }
            return (part.table - 1, index, recipe.whole != nil ? position : field.column?.width == nil ? nil : place)
        }
        return nil
    }
}

/// Which values of the graph's inputs the values of a table are made of.
struct SlotOrigins {
    var numbers: [Set<Int>]
    var texts: [Set<Int>]
}

extension GraphPlan {
    /// By table; `nil` for what models and combiners give.
    var origins: [SlotOrigins?] {
        var found: [SlotOrigins?] = []
        var input = SlotOrigins(
            numbers: [Set<Int>](repeating: [], count: tables[0].numberCount),
            texts: [Set<Int>](repeating: [], count: tables[0].textCount))
        var value = 0
        for field in tables[0].fields {
            for slot in field.slots {
                if field.spec.datatype == .bytes { input.texts[slot] = [value] } else { input.numbers[slot] = [value] }
                value += 1
            }
        }
        found.append(input)
        for step in steps {
            guard case .transform(let transform) = step.work else {
                found.append(nil)
                continue
            }
            found.append(transform.origins(from: found))
        }
        return found
    }
}
