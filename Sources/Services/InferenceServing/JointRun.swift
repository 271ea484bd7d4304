// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import RequestTracing
internal import Tensors

/// A call that was accepted, and what its answer is measured by.
struct AcceptedCall: Sendable {
    /// How long calls that are joined may take together at least, before each is run alone: one of them may never end.
    static let jointPatience = 250_000_000

    let call: InferenceCall
    let arrival: Moment
    let deadline: Moment
}

extension InferenceCall {
    /// Whether both can be one call of the engine: the same version, and rows of the same shapes.
    func joins(_ other: InferenceCall) -> Bool {
        live === other.live && isPlain && other.isPlain
            && zip(inputs, other.inputs).allSatisfy { $0.shape.dropFirst() == $1.shape.dropFirst() }
    }
}

/// Runs calls of one version as one call of the engine, and counts them.
///
/// - Parameter expected: How long that is thought to take, in nanoseconds.
/// - Returns: The answer to each; `nil`, and nothing was counted, when they got none together: what fails together has to be
///   run apart, so that one bad row spoils no other's answer.
func runTogether(
    _ accepted: [AcceptedCall], start: Moment, expecting expected: Int
) -> [Result<[Tensor], ServingError>]? {
    guard let (answers, times) = jointAnswers(accepted, start: start, expecting: expected) else { return nil }
    let end = Moment.now
    let counters = accepted[0].call.endpoint.counters
    let rows = accepted.reduce(0) { $0 + $1.call.rowCount }
    counters.engineCalls.ran(rows: rows, times)
    return zip(accepted, answers).map { accepted, answer in
        accepted.call.terms.trace?.noteRun(arrival: accepted.arrival, start: start, end: end, rows: rows)
        guard end <= accepted.deadline else {
            counters.drop(.deadline, after: end.since(accepted.arrival))
            return .failure(.deadlineExceeded)
        }
        counters.succeed(
            rows: accepted.call.rowCount, queued: start.since(accepted.arrival), times, at: end)
        accepted.call.kept?.ran(queued: start.since(accepted.arrival), ran: times.compute, rows: rows)
        accepted.call.keep(answer)
        return .success(answer)
    }
}

private func jointAnswers(
    _ accepted: [AcceptedCall], start: Moment, expecting expected: Int
) -> (answers: [[Tensor]], times: JointTimes)? {
    let first = accepted[0].call
    var inputs: [Tensor] = []
    for index in first.inputs.indices {
        guard let joined = Tensor.joined(accepted.map { $0.call.inputs[index] }) else { return nil }
        inputs.append(joined)
    }
    let rows = accepted.reduce(0) { $0 + $1.call.rowCount }
    let latest = accepted.map(\.deadline).max() ?? .never
    let begun = Moment.now
    let limit = min(latest, start.after(max(AcceptedCall.jointPatience, expected.multiplied(by: 4))))
    guard let answers = try? first.live.engine.runJoint(inputs, until: limit),
        answers.allSatisfy({ $0.shape.first == rows })
    else {
        return nil
    }
    let ran = Moment.now
    var place = 0
    let parts = accepted.map { accepted in
        defer { place += accepted.call.rowCount }
        return answers.map { $0.rows(place..<place + accepted.call.rowCount) }
    }
    return (
        parts,
        JointTimes(assembly: begun.since(start), compute: ran.since(begun), splitting: Moment.now.since(ran))
    )
}

extension Tensor {
    /// Some rows of a tensor whose first dimension counts them.
    fileprivate func rows(_ range: Range<Int>) -> Tensor {
        let inner = Array(shape.dropFirst())
        let width = inner.reduce(1, *)
        return slice(range.lowerBound * width..<range.upperBound * width, shape: [range.count] + inner)
    }
}
