// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import TableTransforms
package import Tensors

/// A graph whose names, types and shapes were found to fit, in the order in which its steps run.
package struct GraphPlan: Sendable {
    /// What the graph takes, and then what each step gives.
    package private(set) var tables: [GraphTable]
    package private(set) var steps: [GraphStep] = []
    let outputs: [TensorRecipe]
    package let outputSpecs: [TensorSpec]
    package let inputSpecs: [TensorSpec]
    /// By table and field: whether somebody reads its values from slots.
    private(set) var readsSlots: [[Bool]]
    /// What each input is, with -1 for a size that a call decides: compared in each call, which specs are slow at.
    let inputForms: [(datatype: Datatype, shape: Shape)]
    /// The inputs whose first dimension counts rows.
    let rowInputs: [Int]
    /// By table: whether somebody reads numbers of it from slots.
    let needsNumbers: [Bool]
    /// How many values of a row its tables hold.
    let rowWidth: Int
    /// By step: how many steps have to be behind it before it can run.
    let earliest: [Int]
    /// Whether two models could run side by side.
    let hasBranches: Bool
    /// Whether everything that it takes and gives is of rows, so that calls can be answered in parts.
    let isOfRows: Bool
    /// How many values of a row its answers are made of.
    let answerWidth: Int
    static let valuesAtOnce = 1 << 22
    /// The most values that an answer is made of.
    package static let answerLimit = 1 << 26

    /// - Parameter models: For the name of each step that is a model, what its engine takes and gives.
    /// - Throws: ``GraphFault`` that names both ends of what does not fit.
    package init(
        _ descriptor: GraphDescriptor, models: (String) throws(GraphFault) -> ModelPorts
    ) throws(GraphFault) {
        try Self.requireOneName(descriptor.outputs.map(\.name), of: "outputs")
        guard !descriptor.inputs.isEmpty else { throw GraphFault("it takes nothing") }
        guard descriptor.steps.count <= GraphDescriptor.stepLimit else {
            throw GraphFault("it has more than \(GraphDescriptor.stepLimit) steps")
        }
        var building = PlanBuilder(inputs: try GraphTable(descriptor.inputs, noun: "inputs"))
        for step in try Self.inOrder(descriptor.steps) { try building.add(step, models) }
        var outputs: [TensorRecipe] = []
        var specs: [TensorSpec] = []
        for output in descriptor.outputs {
            let (recipe, spec) = try building.output(output)
            outputs.append(recipe)
            specs.append(spec)
        }
        self.outputs = outputs
        outputSpecs = specs
        inputSpecs = descriptor.inputs
        tables = building.tables
        steps = building.steps
        readsSlots = building.readsSlots
        needsNumbers = zip(building.tables, building.readsSlots).map { table, reads in
            zip(table.fields, reads).contains { $0.1 && $0.0.spec.datatype != .bytes }
        }
        inputForms = descriptor.inputs.map { ($0.datatype, $0.shape.map { $0.size ?? -1 }) }
        rowInputs = descriptor.inputs.indices.filter { index in
            descriptor.inputs[index].shape.first.map { $0.size == nil } ?? false
        }
        let positions = Dictionary(uniqueKeysWithValues: steps.enumerated().map { ($1.name, $0) })
        earliest = steps.map { step in (step.predecessors.compactMap { positions[$0] }.max() ?? -1) + 1 }
        let models = steps.indices.filter { if case .model = building.steps[$0].work { true } else { false } }
        hasBranches = zip(models, models.dropFirst()).contains { [earliest] in earliest[$1] <= $0 }
        rowWidth = building.tables.reduce(0) { $0 + $1.numberCount + $1.textCount }
        isOfRows = (descriptor.inputs + specs).allSatisfy { $0.shape.first.map { $0.size == nil } ?? false }
        answerWidth = outputs.filter(\.isOfColumns).reduce(0) { $0 + ($1.width ?? 1) }
    }

    /// Steps so that each stands behind those that it reads, otherwise as they were written.
    ///
    /// - Throws: ``GraphFault`` for names that are there twice or nowhere, and for a circle, spelled out.
    package static func inOrder(_ steps: [GraphDescriptor.Step]) throws(GraphFault) -> [GraphDescriptor.Step] {
        try requireOneName(steps.map(\.name), of: "steps")
        return try sorted(steps)
    }
    /// How many rows go through the steps at a time where a call has more: what bounds the memory of wide steps.
    var rowsAtOnce: Int { max(1, Self.valuesAtOnce / max(1, rowWidth)) }

    func takes(_ tensors: [Tensor]) -> Bool {
        guard tensors.count == inputForms.count else { return false }
        for index in tensors.indices {
            guard tensors[index].datatype == inputForms[index].datatype,
                tensors[index].shape.count == inputForms[index].shape.count
            else { return false }
            for place in inputForms[index].shape.indices {
                let size = inputForms[index].shape[place]
                guard size < 0 || size == tensors[index].shape[place] else { return false }
            }
        }
        return true
    }

    private static func requireOneName(_ names: [String], of what: String) throws(GraphFault) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw GraphFault("there are two \(what) “\(name.prefix(100))”")
        }
    }
}

/// What a model takes and gives.
package struct ModelPorts: Sendable {
    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    /// Whether a call of it can be given up.
    package let canBeStopped: Bool

    package init(inputs: [TensorSpec], outputs: [TensorSpec], canBeStopped: Bool) {
        self.inputs = inputs
        self.outputs = outputs
        self.canBeStopped = canBeStopped
    }
}

/// A step, with its sources found.
package struct GraphStep: Sendable {
    package enum Work: Sendable {
        case transform(TransformWork)
        case model(ModelWork)
        case combine(CombineWork)
    }

    package let name: String
    package let noun: String
    /// Steps, by name, whose answers it needs.
    package let predecessors: [String]
    package let work: Work
    /// Tables that must have a row for the step to have it; empty for combiners, which see for themselves.
    let required: [Int]
    let conditions: [RowCondition]
    let timeoutNanoseconds: Int?
    let failurePolicy: FailureAnswer
    let cachedRows: Int
}

/// What a step answers where it fails.
enum FailureAnswer: Sendable {
    case fail
    case skip
    /// By slot of numbers and of texts.
    case constants(numbers: [Double], texts: [String])
}

/// Steps so that each stands behind those that it reads, otherwise as they were written.
///
/// - Throws: ``GraphFault`` that spells a circle out.
private func sorted(_ steps: [GraphDescriptor.Step]) throws(GraphFault) -> [GraphDescriptor.Step] {
    let positions = Dictionary(uniqueKeysWithValues: steps.enumerated().map { ($1.name, $0) })
    let predecessors = steps.map(\.predecessors)
    var ordered: [GraphDescriptor.Step] = []
    var done = [Bool](repeating: false, count: steps.count)
    var onPath = [Bool](repeating: false, count: steps.count)
    // A stack of its own: a chain may be long.
    for root in steps.indices where !done[root] {
        var path = [(step: root, next: 0)]
        onPath[root] = true
        while let (step, next) = path.last {
            let needed = predecessors[step]
            guard next < needed.count else {
                path.removeLast()
                onPath[step] = false
                done[step] = true
                ordered.append(steps[step])
                continue
            }
            path[path.count - 1].next += 1
            guard let position = positions[needed[next]] else {
                let known = steps.map(\.name) + [GraphReference.input]
                let hint = closestName(to: needed[next], among: known).map { "; did you mean “\($0)”?" } ?? ""
                throw GraphFault("step “\(steps[step].name)” reads “\(needed[next])”, and there is no such step\(hint)")
            }
            if onPath[position] {
                let circle = path.drop { $0.step != position }.map { steps[$0.step].name } + [steps[position].name]
                throw GraphFault("its steps run in a circle: \(circle.joined(separator: " reads "))")
            }
            if !done[position] {
                path.append((position, 0))
                onPath[position] = true
            }
        }
    }
    return ordered
}

extension GraphDescriptor.Step {
    /// The steps that it reads, each once.
    package var predecessors: [String] {
        var found: [String] = []
        var seen: Set<String> = [GraphReference.input]
        for reference in sources + conditions.map(\.source) + ruleSources where seen.insert(reference.step).inserted {
            found.append(reference.step)
        }
        return found
    }

    /// What the rules of a combiner look at.
    private var ruleSources: [GraphReference] {
        guard case .combine(let rule) = work else { return [] }
        let conditions = (rule["rules"]?.elements ?? []).flatMap { $0["when"]?.elements ?? [] }
        return conditions.compactMap { condition in condition["of"]?.string.flatMap { try? GraphReference($0) } }
    }
}
