// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Tensors

extension GraphEngine {
    /// Answers many rows some at a time, so that what steps make of them on the way does not take all memory.
    func answerInParts(_ tensors: [Tensor], _ rowCount: Int, _ call: Call) throws(EngineError) -> [Tensor] {
        var parts = [[Tensor]](repeating: [], count: plan.outputs.count)
        var totals: [StepTime] = []
        for first in stride(from: 0, to: rowCount, by: plan.rowsAtOnce) {
            let rows = first..<min(first + plan.rowsAtOnce, rowCount)
            let clock = call.clock.map { _ in StepClock() }
            let answers = try answerAtOnce(
                tensors.map { $0.part(rows) }, rows.count,
                Call(deadline: call.deadline, isJoint: call.isJoint, clock: clock, firstRow: first))
            for (index, answer) in answers.enumerated() {
                guard answer.shape.first == rows.count else {
                    throw .runFailed(
                        reason: "it gave \(answer.shape) for \(rows.count) rows as “\(plan.outputs[index].name)”")
                }
                parts[index].append(answer)
            }
            for time in clock?.times ?? [] {
                if let known = totals.firstIndex(where: { $0.name == time.name }) {
                    totals[known] = StepTime(
                        name: time.name, rows: totals[known].rows + time.rows,
                        nanoseconds: totals[known].nanoseconds + time.nanoseconds)
                } else {
                    totals.append(time)
                }
            }
        }
        for total in totals { call.clock?.note(total) }
        return try zip(parts, plan.outputs).map { parts, output throws(EngineError) in
            guard let joined = Tensor.joined(parts) else {
                throw .runFailed(reason: "its rows have “\(output.name)” in different shapes")
            }
            return joined
        }
    }
}

extension GraphPlan {
    /// - Throws: ``EngineError/inputsRefused(reason:)`` when so many rows would make more than fits.
    func requireRoom(for rowCount: Int) throws(EngineError) {
        let width = isOfRows ? answerWidth : max(answerWidth, rowWidth)
        guard rowCount > Self.answerLimit / max(1, width) else { return }
        throw .inputsRefused(
            reason: "\(rowCount) rows with \(width) values each are too many at once; send at most "
                + "\(Self.answerLimit / width)")
    }
}
