// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Synchronization

/// What came of a step in one call.
struct StepOutcome {
    var value: GraphValue
    /// When it had come; when it began, of a step that had nothing to do.
    var end: Moment
    var failures: [RowFailure] = []
    /// How many rows it was for, and how long it took.
    var rowCount = 0
    var nanoseconds = 0
}

/// Steps that do not need one another run side by side where each takes long enough for that to pay.
extension GraphEngine {
    /// Handing work to another thread and waiting for it costs some tens of microseconds.
    private static let worthwhileNanoseconds = 300_000

    /// The step at `index` and those behind it that could run now; only itself where nothing is won.
    func branches(at index: Int) -> [Int] {
        guard isHeavy(index), !stepsBack() else { return [index] }
        return [index] + plan.steps.indices.dropFirst(index + 1).filter { plan.earliest[$0] <= index && isHeavy($0) }
    }

    /// By what its calls took so far.
    private func isHeavy(_ index: Int) -> Bool {
        guard models[index] != nil else { return false }
        return counters[index].meanNanoseconds >= Self.worthwhileNanoseconds
    }

    /// - Returns: What came of each, by position.
    func runBeside(
        _ branches: [Int], _ values: [GraphValue], _ rowCount: Int, _ call: Call
    ) -> [Int: Result<StepOutcome, EngineError>] {
        let found = FoundOutcomes()
        SideThreads.shared.run(
            branches.map { index in
                { [self] in
                    let result = Result { () throws(EngineError) in
                        try outcome(of: index, values, rowCount, call, since: .now)
                    }
                    found.keep(result, of: index)
                }
            })
        return found.all
    }
}

/// What branches came to, from several threads.
private final class FoundOutcomes: Sendable {
    private let outcomes = Mutex<[Int: Result<StepOutcome, EngineError>]>([:])

    var all: [Int: Result<StepOutcome, EngineError>] { outcomes.withLock(\.self) }

    func keep(_ outcome: Result<StepOutcome, EngineError>, of step: Int) {
        outcomes.withLock { $0[step] = outcome }
    }
}
