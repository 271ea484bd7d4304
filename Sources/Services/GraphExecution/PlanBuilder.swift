// SPDX-License-Identifier: Apache-2.0
internal import TableTransforms
internal import Tensors

/// A plan while its steps are added, each behind those that it reads.
struct PlanBuilder {
    private(set) var tables: [GraphTable]
    private(set) var steps: [GraphStep] = []
    private(set) var readsSlots: [[Bool]]
    private var positions: [String: Int] = [GraphReference.input: 0]
    /// How many values of a row all steps work on: what bounds memory and time, whatever a small file asks for.
    private var valueCount = 0

    init(inputs: GraphTable) {
        tables = [inputs]
        readsSlots = [inputs.fields.map { _ in false }]
    }

    mutating func add(
        _ step: GraphDescriptor.Step, _ models: (String) throws(GraphFault) -> ModelPorts
    ) throws(GraphFault) {
        do throws(GraphFault) {
            try append(step, models)
        } catch {
            throw GraphFault("step “\(step.name)”: \(error.reason)")
        }
    }

    private mutating func append(
        _ step: GraphDescriptor.Step, _ models: (String) throws(GraphFault) -> ModelPorts
    ) throws(GraphFault) {
        var isModel = false
        var ports: ModelPorts?
        var columnCount = 0
        let members = try step.sources.map { reference throws(GraphFault) in
            let found = try sources(of: reference)
            columnCount += found.count
            guard columnCount <= TableColumn.widthLimit else {
                throw GraphFault("“in” brings more than \(TableColumn.widthLimit) columns")
            }
            return found
        }
        let work: GraphStep.Work
        let table: GraphTable
        switch step.work {
        case .transform(let operations):
            let transform = try TransformWork(operations, try columns(members.flatMap(\.self)))
            table = transform.table
            guard !table.fields.isEmpty else { throw GraphFault("its operations leave no columns") }
            valueCount += transform.program.valueCount
            work = .transform(transform)
        case .model:
            isModel = true
            let found = try models(step.name)
            ports = found
            let inputs = try recipes(for: found.inputs, from: members.flatMap(\.self), of: step.name)
            table = try GraphTable(found.outputs)
            if step.cachedRows > 0 { try requireRows(found.inputs + found.outputs) }
            work = .model(ModelWork(inputs: inputs))
        case .combine(let rule):
            let combine = try CombineWork(rule, step.name, members, &self)
            table = combine.table
            work = .combine(combine)
        }
        if case .combine = step.work {
            guard case .fail = step.failurePolicy else {
                throw GraphFault("a combiner does not fail; “on_error” belongs to the steps before it")
            }
        }
        valueCount += table.numberCount + table.textCount
        guard valueCount <= TableProgram.valueLimit else {
            throw GraphFault("it and the steps before it work on more than \(TableProgram.valueLimit) values a row")
        }
        guard isModel || step.cachedRows == 0 else { throw GraphFault("only the answers of models are kept") }
        if step.timeoutMilliseconds != nil, ports?.canBeStopped != true {
            throw GraphFault(
                "“timeout_ms” is for steps that a worker runs: what runs in this process cannot be stopped half way")
        }
        let conditions = try step.conditions.map { condition throws(GraphFault) in try resolved(condition) }
        var required: [Int] = []
        if case .combine = step.work {
        } else {
            for source in members.flatMap(\.self) where source.table != 0 && !required.contains(source.table) {
                required.append(source.table)
            }
        }
        steps.append(
            GraphStep(
                name: step.name, noun: step.work.noun, predecessors: step.predecessors, work: work,
                required: required, conditions: conditions,
                timeoutNanoseconds: step.timeoutMilliseconds.map { $0 * 1_000_000 },
                failurePolicy: try answer(to: step.failurePolicy, of: table), cachedRows: step.cachedRows))
        positions[step.name] = tables.count
        tables.append(table)
        // Where values may stand for those of a model, all of them lie in slots.
        let isReplaced = if case .value = step.failurePolicy { true } else { false }
        readsSlots.append(table.fields.map { _ in isReplaced })
    }

    private func requireRows(_ specs: [TensorSpec]) throws(GraphFault) {
        for spec in specs where spec.shape.first.map({ $0.size != nil }) ?? false {
            throw GraphFault(
                "“cache” keeps answers row by row, and “\(spec.name.prefix(100))” is \(spec.datatype.rawValue) "
                    + "\(spec.shapeDescription)")
        }
    }

    // MARK: References

    /// The fields that a reference names, all of a table where it names one.
    func sources(of reference: GraphReference) throws(GraphFault) -> [GraphSource] {
        // Every step that is read stands before.
        guard let table = positions[reference.step] else {
            throw GraphFault("“\(reference)” is of a step that comes later, or of none")
        }
        guard let column = reference.column else {
            guard reference.position == nil else { throw GraphFault("“\(reference)” names a value of no column") }
            return tables[table].fields.enumerated().map { index, field in
                GraphSource(table: table, field: index, position: nil, text: "\(reference.step).\(field.name)")
            }
        }
        if let position = reference.position, tables[table].index(of: column) == nil,
            let field = tables[table].index(of: "\(column)[\(position)]")
        {
            // A column whose own name ends so.
            return [GraphSource(table: table, field: field, position: nil, text: reference.description)]
        }
        let field = try tables[table].index(of: column, in: reference.step)
        if let position = reference.position {
            guard let width = tables[table].fields[field].column?.width, position < width else {
                throw GraphFault(
                    "“\(reference)” does not exist: \(tables[table].fields[field].description) is what there is")
            }
        }
        return [GraphSource(table: table, field: field, position: reference.position, text: reference.description)]
    }

    func field(_ source: GraphSource) -> GraphField { tables[source.table].fields[source.field] }

    /// Says that a source is read from slots.
    ///
    /// - Returns: Its column and the slots; of one value, a column of that.
    mutating func slots(_ source: GraphSource) throws(GraphFault) -> (column: TableColumn, slots: [Int]) {
        let field = field(source)
        guard var column = field.column else {
            throw GraphFault(
                "“\(source.text)” is \(field.spec.datatype.rawValue) \(field.spec.shapeDescription), which is no column of a table"
            )
        }
        readsSlots[source.table][source.field] = true
        guard let position = source.position else { return (column, field.slots) }
        column.name = "\(column.name)[\(position)]"
        column.width = nil
        return (column, [field.slots[position]])
    }

    /// - Returns: Where the columns lie, and what they are.
    private mutating func columns(
        _ sources: [GraphSource]
    ) throws(GraphFault) -> [(table: Int, column: TableColumn, slots: [Int])] {
        try sources.map { source throws(GraphFault) in
            let (column, slots) = try slots(source)
            return (source.table, column, slots)
        }
    }

    mutating func resolved(_ condition: GraphDescriptor.Condition) throws(GraphFault) -> RowCondition {
        let found = try sources(of: condition.source)
        let text = condition.source.description
        if case .missing = condition.test, let first = found.first {
            return try RowCondition(condition.test, table: first.table, slot: 0, datatype: .float64, text: text)
        }
        guard found.count == 1 else {
            throw GraphFault(
                "“\(text)” has \(found.count) columns, and a condition is about one: "
                    + found.prefix(8).map { "“\($0.text)”" }.joined(separator: ", "))
        }
        let (column, slots) = try slots(found[0])
        guard slots.count == 1 else {
            throw GraphFault("“\(text)” has \(slots.count) values a row; name one, as “\(text)[0]”")
        }
        return try RowCondition(
            condition.test, table: found[0].table, slot: slots[0], datatype: column.datatype, text: text)
    }

    // MARK: Tensors

    /// What a model takes: by name where there is a column for each, else its one matrix of all columns.
    private mutating func recipes(
        for inputs: [TensorSpec], from sources: [GraphSource], of step: String
    ) throws(GraphFault) -> [TensorRecipe] {
        let known = Dictionary(sources.map { (name(of: $0), $0) }) { first, _ in first }
        let named = inputs.map { known[$0.name] }
        if named.allSatisfy({ $0 != nil }) {
            return try zip(inputs, named.compactMap(\.self)).map { input, source throws(GraphFault) in
                try recipe(for: input, from: [source], of: step)
            }
        }
        if inputs.count == 1, inputs[0].shape.count == 2 {
            return [try recipe(for: inputs[0], from: sources, of: step)]
        }
        if inputs.count == 1, sources.count == 1 {
            return [try recipe(for: inputs[0], from: sources, of: step)]
        }
        let missing = zip(inputs, named).filter { $0.1 == nil }.map { "“\($0.0.name)”" }
        throw GraphFault(
            "the model takes \(missing.prefix(8).joined(separator: ", ")), and there is no column of that name among "
                + sources.prefix(12).map { "“\($0.text)”" }.joined(separator: ", "))
    }

    private func name(of source: GraphSource) -> String {
        field(source).name + (source.position.map { "[\($0)]" } ?? "")
    }

    private mutating func recipe(
        for input: TensorSpec, from sources: [GraphSource], of step: String
    ) throws(GraphFault) -> TensorRecipe {
        let target = "\(input.datatype.rawValue) \(input.shapeDescription), which “\(step)” takes as “\(input.name)”"
        if sources.count == 1, sources[0].position == nil {
            let spec = field(sources[0]).spec
            let isSame = spec.datatype == input.datatype && fits(spec, into: input)
            if field(sources[0]).column == nil {
                guard isSame else {
                    throw GraphFault(
                        "“\(sources[0].text)” is \(spec.datatype.rawValue) \(spec.shapeDescription), and does not fit \(target)"
                    )
                }
                return whole(sources[0], input.name)
            }
            if isSame { return whole(sources[0], input.name) }
        }
        var parts: [TensorRecipe.Part] = []
        for source in sources {
            let (column, slots) = try slots(source)
            guard canFeed(column.datatype, to: input.datatype) else {
                throw GraphFault(
                    "“\(source.text)” is \(column.datatype.rawValue), and does not go into \(target); cast it before")
            }
            if let last = parts.last, last.table == source.table, last.datatype == column.datatype {
                parts[parts.count - 1].slots += slots
            } else {
                parts.append(.init(table: source.table, slots: slots, datatype: column.datatype))
            }
        }
        let count = parts.reduce(0) { $0 + $1.slots.count }
        guard count <= TableColumn.widthLimit else {
            throw GraphFault("\(count) values a row are more than the \(TableColumn.widthLimit) that a matrix may have")
        }
        let width: Int?
        switch input.shape.count {
        case 1: width = nil
        case 2: width = input.shape[1].size ?? count
        default: throw GraphFault("columns do not make \(target)")
        }
        guard input.shape.first.map({ $0.size == nil }) == true, (width ?? 1) == count else {
            throw GraphFault(
                "\(count) \(count == 1 ? "value" : "values") a row ("
                    + sources.prefix(8).map { "“\($0.text)”" }.joined(separator: ", ")
                    + (sources.count > 8 ? ", …" : "") + ") do not make \(target)")
        }
        return TensorRecipe(name: input.name, datatype: input.datatype, parts: parts, width: width, whole: nil)
    }

    /// A tensor as it is. Only where a step has none, as transforms do, it is made of slots.
    private func whole(_ source: GraphSource, _ name: String) -> TensorRecipe {
        let field = field(source)
        let parts = field.column.map {
            [TensorRecipe.Part(table: source.table, slots: field.slots, datatype: $0.datatype)]
        }
        return TensorRecipe(
            name: name, datatype: field.spec.datatype, parts: parts ?? [], width: field.column?.width,
            whole: (source.table, source.field), hasRows: field.spec.shape.first.map { $0.size == nil } ?? true)
    }

    private func fits(_ spec: TensorSpec, into input: TensorSpec) -> Bool {
        spec.shape.count == input.shape.count
            && zip(spec.shape, input.shape).allSatisfy { $1.size == nil || $0.size == $1.size }
    }

    mutating func output(_ output: GraphDescriptor.Output) throws(GraphFault) -> (TensorRecipe, TensorSpec) {
        do throws(GraphFault) {
            let found = try sources(of: output.source)
            guard found.count == 1 else {
                throw GraphFault(
                    "“\(output.source)” has \(found.count) columns, and an output is one: "
                        + found.prefix(8).map { "“\($0.text)”" }.joined(separator: ", "))
            }
            let source = found[0]
            let field = field(source)
            guard source.position != nil else {
                let shape = field.column?.spec.shape ?? field.spec.shape
                return (
                    whole(source, output.name),
                    TensorSpec(name: output.name, datatype: field.spec.datatype, shape: shape)
                )
            }
            let (column, slots) = try slots(source)
            let spec = TensorSpec(name: output.name, datatype: column.datatype, shape: column.spec.shape)
            let recipe = TensorRecipe(
                name: output.name, datatype: column.datatype,
                parts: [.init(table: source.table, slots: slots, datatype: column.datatype)], width: column.width,
                whole: nil)
            return (recipe, spec)
        } catch {
            throw GraphFault("output “\(output.name.prefix(100))”: \(error.reason)")
        }
    }

    // MARK: Failures

    private func answer(
        to policy: GraphDescriptor.FailurePolicy, of table: GraphTable
    ) throws(GraphFault) -> FailureAnswer {
        switch policy {
        case .fail: return .fail
        case .skip: return .skip
        case .value(let value):
            var numbers = [Double](repeating: 0, count: table.numberCount)
            var texts = [String](repeating: "", count: table.textCount)
            for field in table.fields {
                guard let column = field.column else {
                    throw GraphFault("\(field.description) is no column, so that no value stands for it")
                }
                if column.datatype == .bytes, let text = value.string {
                    for slot in field.slots { texts[slot] = text }
                } else if column.datatype != .bytes, let number = value.slotNumber(column.datatype) {
                    for slot in field.slots { numbers[slot] = number }
                } else {
                    throw GraphFault("the value of “on_error” does not fit \(field.description)")
                }
            }
            return .constants(numbers: numbers, texts: texts)
        }
    }
}

extension JSONValue {
    /// A number or boolean as it lies in a slot of this datatype; `nil` when it does not fit.
    func slotNumber(_ datatype: Datatype) -> Double? {
        switch datatype {
        case .bytes: nil
        case .bool: bool.map { $0 ? 1 : 0 }
        case .int64: integer.map { Double(bitPattern: UInt64(bitPattern: $0)) }
        case .uint64: unsigned.map { Double(bitPattern: $0) }
        default:
            double.flatMap { number in
                number.isNaN && datatype.isFloatingPoint ? number : castNumber(number, from: .float64, to: datatype)
            }
        }
    }
}
