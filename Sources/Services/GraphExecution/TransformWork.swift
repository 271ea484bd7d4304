// SPDX-License-Identifier: Apache-2.0
package import TableTransforms
internal import Tensors

/// Operations on what other steps gave.
///
/// A class, because every call of the graph looks at it.
package final class TransformWork: Sendable {
    private struct Part: Sendable {
        let table: Int
        var from: [Int]
        var to: [Int]
        let areTexts: Bool
    }

    package let program: TableProgram
    private let parts: [Part]
    let table: GraphTable

    init(
        _ operations: [JSONValue], _ columns: [(table: Int, column: TableColumn, slots: [Int])]
    ) throws(GraphFault) {
        do throws(TableFault) {
            program = try TableProgram(operations, on: columns.map(\.column))
        } catch {
            throw GraphFault(error.reason)
        }
        var parts: [Part] = []
        for (source, target) in zip(columns, program.input.entries) {
            let areTexts = target.column.datatype == .bytes
            // Columns of one table are copied together.
            let known = parts.firstIndex { $0.table == source.table && $0.areTexts == areTexts }
            guard let known else {
                parts.append(Part(table: source.table, from: source.slots, to: target.slots, areTexts: areTexts))
                continue
            }
            parts[known].from += source.slots
            parts[known].to += target.slots
        }
        self.parts = parts
        table = GraphTable(program.output)
    }

    /// - Parameter rows: Of the call, those that take part; `nil` for all.
    func run(_ values: [GraphValue], rows: [Int32]?, of rowCount: Int) throws(TableFault) -> GraphValue {
        let count = rows?.count ?? rowCount
        var work = program.emptyTable(rowCount: count)
        for part in parts {
            let isStraight = rows == nil && values[part.table].places == nil
            guard !part.areTexts else {
                for (source, target) in zip(part.from, part.to) {
                    let column = values[part.table].texts[source]
                    work.texts[target] =
                        isStraight ? column : selected(column, values[part.table], rows, of: rowCount)
                }
                continue
            }
            let given = values[part.table].numbers
            let stride = values[part.table].rowCount
            var numbers = work.numbers.mutableSpan
            for (source, target) in zip(part.from, part.to) {
                for index in 0..<count {
                    let place = isStraight ? index : values[part.table].place(rows.map { Int($0[index]) } ?? index)
                    numbers[target * count + index] = given[source * stride + place]
                }
            }
        }
        try program.run(&work)
        return GraphValue(
            places: nil, rowCount: count, numbers: work.numbers, texts: work.texts, tensors: [])
    }

    /// - Parameter tables: Of those before.
    /// - Returns: `nil` when a source's is not known.
    func origins(from tables: [SlotOrigins?]) -> SlotOrigins? {
        var own = SlotOrigins(
            numbers: [Set<Int>](repeating: [], count: program.output.numberCount),
            texts: [Set<Int>](repeating: [], count: program.output.textCount))
        for part in parts {
            guard let source = tables[part.table] else { return nil }
            for (from, to) in zip(part.from, part.to) {
                if part.areTexts { own.texts[to] = source.texts[from] } else { own.numbers[to] = source.numbers[from] }
            }
        }
        for flow in program.operations.flatMap(\.flows) {
            var sources: Set<Int> = []
            for slot in flow.numbers { sources.formUnion(own.numbers[slot]) }
            for slot in flow.texts { sources.formUnion(own.texts[slot]) }
            for slot in flow.targets { own.numbers[slot] = sources }
            for slot in flow.textTargets { own.texts[slot] = sources }
        }
        return own
    }

    private func selected(
        _ column: TextColumn, _ value: GraphValue, _ rows: [Int32]?, of rowCount: Int
    ) -> TextColumn {
        let wanted = rows?.map(Int.init) ?? Array(0..<rowCount)
        var texts = TextRun()
        for row in wanted { texts.append(column, value.place(row)) }
        return texts.column
    }
}

/// What a model is given.
package struct ModelWork: Sendable {
    let inputs: [TensorRecipe]
}
