// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelExecution
internal import TableTransforms
package import Tensors

/// A graph that is loaded: its steps run one after the other on the caller's thread.
package final class GraphEngine: InferenceEngine {
    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    package let runsElsewhere: Bool
    package let plan: GraphPlan
    /// By step; `nil` where it is no model.
    let models: [(any InferenceEngine)?]
    let counters: [StepCounters]
    private let caches: [RowCache?]

    /// - Parameter models: The engine of every step that is a model, by its name.
    /// - Throws: ``GraphFault`` when names, types or shapes do not fit.
    package init(_ descriptor: GraphDescriptor, models: [String: any InferenceEngine]) throws(GraphFault) {
        let plan = try GraphPlan(descriptor) { name throws(GraphFault) in
            guard let engine = models[name] else { throw GraphFault("its model is not there") }
            return ModelPorts(inputs: engine.inputs, outputs: engine.outputs, canBeStopped: engine.runsElsewhere)
        }
        self.plan = plan
        inputs = plan.inputSpecs
        outputs = plan.outputSpecs
        self.models = plan.steps.map { step in
            if case .model = step.work { models[step.name] } else { nil }
        }
        runsElsewhere = models.values.contains(where: \.runsElsewhere)
        counters = plan.steps.map { _ in StepCounters() }
        caches = plan.steps.map { $0.cachedRows > 0 ? RowCache(limit: $0.cachedRows) : nil }
    }

    package var recovery: EngineRecovery {
        var total = EngineRecovery()
        for recovery in models.compactMap({ $0?.recovery }) {
            total.isUnderway = total.isUnderway || recovery.isUnderway
            total.losses += recovery.losses
        }
        return total
    }

    package var steps: [StepCounts] {
        zip(plan.steps, counters).map { step, counters in counters.counts(of: step.name, step.noun) }
    }

    package func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        try answer(inputs, Call())
    }

    package func run(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        try answer(inputs, Call(deadline: deadline))
    }

    package func runJoint(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        try answer(inputs, Call(deadline: deadline, isJoint: true))
    }

    package func run(
        _ inputs: [Tensor], until deadline: Moment, timing clock: StepClock
    ) throws(EngineError) -> [Tensor] {
        try answer(inputs, Call(deadline: deadline, clock: clock))
    }

    struct Call {
        var deadline = Moment.never
        var isJoint = false
        var clock: StepClock?
        /// The row of the caller's that is this call's first; `nil` unless it is answered in parts.
        var firstRow: Int?

        /// A row as its caller counts it; empty for the only one.
        func place(_ row: Int, of rowCount: Int) -> String {
            firstRow.map { "row \($0 + row)" } ?? (rowCount > 1 ? "row \(row)" : "")
        }
    }

    private func answer(_ tensors: [Tensor], _ call: Call) throws(EngineError) -> [Tensor] {
        if !plan.takes(tensors) { try requireFit(tensors) }
        let rowCount = try rowCount(of: tensors)
        try plan.requireRoom(for: rowCount)
        guard rowCount > plan.rowsAtOnce, plan.isOfRows else { return try answerAtOnce(tensors, rowCount, call) }
        return try answerInParts(tensors, rowCount, call)
    }

    func answerAtOnce(_ tensors: [Tensor], _ rowCount: Int, _ call: Call) throws(EngineError) -> [Tensor] {
        let (values, failures) = try evaluate(tensors, rowCount, call)
        var answers: [Tensor] = []
        answers.reserveCapacity(plan.outputs.count)
        for output in plan.outputs {
            if let (table, row) = output.firstGap(values, rowCount) {
                let step = plan.steps[table - 1].name
                let named = call.place(row, of: rowCount)
                let place = named.isEmpty ? "the row" : named
                guard let failure = failures.first(where: { $0.row == row }) else {
                    throw .inputsRefused(
                        reason: "no step that gives “\(output.name)” is for \(place): “\(step)” did not run")
                }
                throw failure.error.explaining("\(place) has no “\(output.name)”")
            }
            answers.append(try output.tensor(values, rows: nil, of: rowCount))
        }
        return answers
    }

    /// Runs all steps.
    ///
    /// - Returns: The tables, by position, and what the steps that were passed over failed with.
    func evaluate(
        _ tensors: [Tensor], _ rowCount: Int, _ call: Call
    ) throws(EngineError) -> (values: [GraphValue], failures: [RowFailure]) {
        var values: [GraphValue] = []
        values.reserveCapacity(plan.tables.count)
        values.append(value(of: tensors, table: 0, rowCount: rowCount))
        var failures: [RowFailure] = []
        var begun = Moment.now
        // What ran beside an earlier step.
        var ahead: [Int: Result<StepOutcome, EngineError>] = [:]
        // Steps are looked at where they lie: a copy of one costs more than a small one's work.
        for index in plan.steps.indices {
            if plan.hasBranches, ahead[index] == nil {
                let branches = branches(at: index)
                if branches.count > 1 { ahead = runBeside(branches, values, rowCount, call) }
            }
            let outcome =
                if !ahead.isEmpty, let found = ahead.removeValue(forKey: index) {
                    try found.get()
                } else {
                    try outcome(of: index, values, rowCount, call, since: begun)
                }
            begun = max(begun, outcome.end)
            if let clock = call.clock, outcome.rowCount > 0 {
                clock.note(
                    StepTime(
                        name: plan.steps[index].name, rows: outcome.rowCount, nanoseconds: outcome.nanoseconds),
                    ended: outcome.end)
            }
            values.append(outcome.value)
            failures += outcome.failures
            guard outcome.end <= call.deadline else { throw .deadlinePassed }
        }
        return (values, failures)
    }

    /// Runs a step for the rows that it is for, and counts it.
    func outcome(
        of index: Int, _ values: [GraphValue], _ rowCount: Int, _ call: Call, since begun: Moment
    ) throws(EngineError) -> StepOutcome {
        let rows = activeRows(of: index, values, rowCount)
        if let rows, rows.isEmpty { return StepOutcome(value: .nothing(rowCount: rowCount), end: begun) }
        var outcome: StepOutcome
        do throws(EngineError) {
            outcome = StepOutcome(
                value: placed(try run(index, values, rows, rowCount, call), rows, rowCount), end: begun)
        } catch {
            counters[index].fail()
            if case .fail = plan.steps[index].failurePolicy { throw error }
            if call.deadline != .never, Moment.now > call.deadline { throw .deadlinePassed }
            let (value, failures) = try rowByRow(index, values, rows, rowCount, call, after: error)
            outcome = StepOutcome(value: value, end: begun, failures: failures)
        }
        outcome.end = .now
        outcome.rowCount = rows?.count ?? rowCount
        outcome.nanoseconds = outcome.end.since(begun)
        counters[index].count(rows: outcome.rowCount, nanoseconds: outcome.nanoseconds)
        return outcome
    }

    func rowCount(of tensors: [Tensor]) throws(EngineError) -> Int {
        var count: Int?
        for input in plan.rowInputs {
            guard count == nil || count == tensors[input].shape[0] else {
                throw .runFailed(reason: "its inputs have different numbers of rows")
            }
            count = tensors[input].shape[0]
        }
        return count ?? 1
    }

    /// A table of tensors; what is read from slots is put there.
    private func value(of tensors: [Tensor], table: Int, rowCount: Int) -> GraphValue {
        let shape = plan.tables[table]
        var value = GraphValue(
            places: nil, rowCount: rowCount,
            numbers: plan.needsNumbers[table] ? [Double](repeating: 0, count: shape.numberCount * rowCount) : [],
            texts: [],
            tensors: tensors)
        if shape.textCount > 0 {
            value.texts = [TextColumn](
                repeating: TextColumn(Tensor(strings: [], shape: [0])), count: shape.textCount)
        }
        for index in tensors.indices where plan.readsSlots[table][index] {
            value.load(tensors[index], into: shape.fields[index].slots)
        }
        return value
    }

    /// - Returns: `nil` for all rows.
    private func activeRows(of index: Int, _ values: [GraphValue], _ rowCount: Int) -> [Int32]? {
        if plan.steps[index].conditions.isEmpty, plan.steps[index].required.allSatisfy({ values[$0].places == nil }) {
            return nil
        }
        let step = plan.steps[index]
        var rows: [Int32] = []
        for row in 0..<rowCount
        where step.required.allSatisfy({ values[$0].place(row) >= 0 })
            && step.conditions.allSatisfy({ $0.holds(values, row: row) })
        {
            rows.append(Int32(row))
        }
        return rows.count == rowCount ? nil : rows
    }

    /// What a step gave to some rows, as a value of the whole call.
    private func placed(_ value: GraphValue, _ rows: [Int32]?, _ rowCount: Int) -> GraphValue {
        guard let rows, value.places == nil else { return value }
        var value = value
        var places = [Int32](repeating: -1, count: rowCount)
        for (place, row) in rows.enumerated() { places[Int(row)] = Int32(place) }
        value.places = places
        return value
    }

    // MARK: One step

    private func run(
        _ index: Int, _ values: [GraphValue], _ rows: [Int32]?, _ rowCount: Int, _ call: Call
    ) throws(EngineError) -> GraphValue {
        switch plan.steps[index].work {
        case .combine(let combine): return combine.run(values, rows: rows, of: rowCount)
        case .transform(let transform):
            do throws(TableFault) {
                return try transform.run(values, rows: rows, of: rowCount)
            } catch {
                let place = error.row.map { row in call.place(rows.map { Int($0[row]) } ?? row, of: rowCount) } ?? ""
                throw .inputsRefused(
                    reason: "step “\(plan.steps[index].name)”\(place.isEmpty ? "" : ", " + place): \(error.reason)")
            }
        case .model(let model):
            let given = try model.inputs.map { input throws(EngineError) in
                try input.tensor(values, rows: rows, of: rowCount)
            }
            let count = rows?.count ?? rowCount
            let answers: [Tensor]
            do throws(EngineError) {
                answers = try cached(index, given, count, call)
            } catch {
                throw error.inStep(plan.steps[index].name)
            }
            let fields = plan.tables[index + 1].fields
            guard answers.count == fields.count else {
                throw .runFailed(
                    reason: "step “\(plan.steps[index].name)”: it gave \(answers.count) of \(fields.count) outputs")
            }
            for (answer, field) in zip(answers, fields) {
                let isRight =
                    field.column == nil
                    ? answer.datatype == field.spec.datatype : answer.fits(field.spec) && answer.shape[0] == count
                guard isRight else {
                    throw .runFailed(
                        reason:
                            "step “\(plan.steps[index].name)”: it gave \(answer.datatype.rawValue) \(answer.shape) for \(count) "
                            + "\(count == 1 ? "row" : "rows") of \(field.description)")
                }
            }
            return value(of: answers, table: index + 1, rowCount: count)
        }
    }

    private func cached(
        _ index: Int, _ inputs: [Tensor], _ count: Int, _ call: Call
    ) throws(EngineError) -> [Tensor] {
        guard let cache = caches[index], count > 0 else { return try asked(index, inputs, call) }
        guard inputs.allSatisfy({ $0.shape.first == count }) else {
            throw .runFailed(reason: "it is given what is not of rows, so that no answers can be kept")
        }
        let keys = (0..<count).map { RowCache.key(inputs, row: $0) }
        var answers = cache.answers(to: keys)
        let unknown = answers.indices.filter { answers[$0] == nil }
        counters[index].find(count - unknown.count)
        if !unknown.isEmpty {
            let given = unknown.count == count ? inputs : inputs.map { $0.gathered(unknown) }
            let found = try asked(index, given, call)
            guard found.allSatisfy({ $0.shape.first == unknown.count }) else {
                throw .runFailed(reason: "it gave no answer for each row, so that none can be kept")
            }
            for (place, row) in unknown.enumerated() {
                let answer = found.map { $0.gathered(CollectionOfOne(place)) }
                cache.keep(answer, for: keys[row])
                answers[row] = answer
            }
            if unknown.count == count { return found }
        }
        return try plan.tables[index + 1].fields.indices.map { field throws(EngineError) in
            guard let joined = Tensor.joined(answers.compactMap { $0?[field] }) else {
                throw .runFailed(reason: "its answers differ in shape, so that none can be kept")
            }
            return joined
        }
    }

    private func asked(_ index: Int, _ inputs: [Tensor], _ call: Call) throws(EngineError) -> [Tensor] {
        guard let model = models[index] else { throw .runFailed(reason: "its model is not there") }
        guard let timeout = plan.steps[index].timeoutNanoseconds else {
            return call.isJoint
                ? try model.runJoint(inputs, until: call.deadline) : try model.run(inputs, until: call.deadline)
        }
        let limit = Moment.now.after(timeout)
        do throws(EngineError) {
            return try model.run(inputs, until: min(limit, call.deadline))
        } catch .deadlinePassed where limit < call.deadline {
            throw .runFailed(reason: "it took longer than its \(timeout / 1_000_000) ms")
        }
    }

    /// A step that failed and may: each row by itself, so that one spoils no other.
    ///
    /// - Parameter error: What all of them together failed with.
    private func rowByRow(
        _ index: Int, _ values: [GraphValue], _ rows: [Int32]?, _ rowCount: Int, _ call: Call, after error: EngineError
    ) throws(EngineError) -> (GraphValue, failures: [RowFailure]) {
        let step = plan.steps[index]
        let wanted = rows ?? (0..<Int32(rowCount)).map(\.self)
        var found: [(row: Int32, value: GraphValue)] = []
        var failures: [RowFailure] = []
        for row in wanted {
            if call.deadline != .never, Moment.now > call.deadline { throw .deadlinePassed }
            do throws(EngineError) {
                if wanted.count == 1 { throw error }
                found.append((row, try run(index, values, [row], rowCount, call)))
            } catch {
                failures.append(RowFailure(row: Int(row), error: error))
                guard case .constants(let numbers, let texts) = step.failurePolicy else { continue }
                let constants = GraphValue(
                    places: nil, rowCount: 1, numbers: numbers,
                    texts: texts.map { TextColumn(Tensor(strings: [$0], shape: [1])) },
                    tensors: [])
                found.append((row, constants))
            }
        }
        guard !found.isEmpty else { return (.nothing(rowCount: rowCount), failures) }
        guard let joined = GraphValue.joined(found.map(\.value)) else {
            throw .runFailed(reason: "step “\(step.name)”: its answers to single rows do not go together")
        }
        return (placed(joined, found.map(\.row), rowCount), failures)
    }
}

/// Why a step that may fail has no answer of its own for a row.
struct RowFailure {
    let row: Int
    let error: EngineError
}

extension TensorRecipe {
    /// The first row for which a step that this is made of gave nothing.
    fileprivate func firstGap(_ values: [GraphValue], _ rowCount: Int) -> (table: Int, row: Int)? {
        for table in isOfColumns ? parts.map(\.table) : whole.map({ [$0.table] }) ?? [] {
            guard let row = values[table].places?.firstIndex(of: -1) else { continue }
            return (table, row)
        }
        return nil
    }
}

extension EngineError {
    /// The same, saying which step of a graph it was.
    fileprivate func inStep(_ name: String) -> EngineError { explaining("step “\(name)”") }

    /// The same, of something that it is the reason for.
    fileprivate func explaining(_ what: String) -> EngineError {
        switch self {
        case .runFailed(let reason): .runFailed(reason: "\(what): \(reason)")
        case .inputsRefused(let reason): .inputsRefused(reason: "\(what): \(reason)")
        case .workerUnavailable(let reason): .workerUnavailable(reason: "\(what): \(reason)")
        default: self
        }
    }
}
