// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Tensors

/// A prediction that was accepted for a lane.
final class LaneWork: WaitingWork, Sendable {
    /// The most rows of calls that are joined: so many together were shown to get the answers that each gets alone.
    static let jointRows = 64
    /// How long calls that are joined may take together, before each is run alone: one of them may never end.
    static let jointPatience = 250_000_000

    let call: InferenceCall
    let pending: PendingAnswer
    let arrival: Moment
    let deadline: Moment
    /// Hands the answer out. Called once.
    let completion: @Sendable (Result<[Tensor], ServingError>) -> Void

    init(
        _ call: InferenceCall, pending: PendingAnswer, arrival: Moment, deadline: Moment,
        completion: @escaping @Sendable (Result<[Tensor], ServingError>) -> Void
    ) {
        self.call = call
        self.pending = pending
        self.arrival = arrival
        self.deadline = deadline
        self.completion = completion
    }

    var isAbandoned: Bool { pending.isAbandoned }
    var isHeldUp: Bool { call.live.engine.recovery.isUnderway }
    var counters: EndpointCounters { call.endpoint.counters }

    /// Whether both can be one call of the engine: the same version, and rows of the same shapes.
    func joins(_ other: LaneWork) -> Bool {
        call.live === other.call.live && call.live.joinsCalls
            && zip(call.inputs, other.call.inputs).allSatisfy { $0.shape.dropFirst() == $1.shape.dropFirst() }
    }

    var rowCount: Int { call.rowCount }

    /// It was accepted, and leaves the queue without being run.
    func drop(_ cause: RefusalCause, waiting: Int) {
        counters.drop(cause, after: max(0, Moment.now.since(arrival)))
        end(.failure(ServingError(cause, waiting: waiting, expectedWait: 0)))
    }

    func end(_ result: Result<[Tensor], ServingError>) {
        completion(result)
        call.live.counts.answer()
    }

    /// Runs it and hands out the answer.
    ///
    func run(start: Moment) {
        end(InferenceServing.run(call, arrival: arrival, start: start, deadline: deadline).result)
    }
}

/// Runs work of one version as one call of the engine, and hands out the answers.
///
/// - Returns: Whether the answers were handed out: what fails together has to be run apart, so that one bad row spoils no
///   other's answer.
func runTogether(_ works: [LaneWork], start: Moment) -> Bool {
    if works.count == 1 {
        works[0].run(start: start)
        return true
    }
    guard let answers = jointAnswers(works, start: start) else { return false }
    let end = Moment.now
    let nanoseconds = end.since(start)
    for (work, answer) in zip(works, answers) {
        guard end <= work.deadline else {
            work.counters.drop(.deadline, after: end.since(work.arrival))
            work.end(.failure(.deadlineExceeded))
            continue
        }
        work.counters.succeed(rows: work.rowCount, queued: start.since(work.arrival), ran: nanoseconds, at: end)
        work.end(.success(answer))
    }
    return true
}

/// - Returns: `nil` when the calls did not get an answer together.
private func jointAnswers(_ works: [LaneWork], start: Moment) -> [[Tensor]]? {
    let engine = works[0].call.live.engine
    var inputs: [Tensor] = []
    for index in works[0].call.inputs.indices {
        guard let joined = Tensor.joined(works.map { $0.call.inputs[index] }) else { return nil }
        inputs.append(joined)
    }
    let rows = works.reduce(0) { $0 + $1.rowCount }
    let latest = works.map(\.deadline).max() ?? .never
    let limit = min(latest, start.after(LaneWork.jointPatience))
    guard let answers = try? engine.runJoint(inputs, until: limit), answers.allSatisfy({ $0.shape.first == rows })
    else {
        return nil
    }
    var first = 0
    return works.map { work in
        defer { first += work.rowCount }
        return answers.map { $0.rows(first..<first + work.rowCount) }
    }
}

extension Tensor {
    /// Some rows of a tensor whose first dimension counts them.
    fileprivate func rows(_ range: Range<Int>) -> Tensor {
        let inner = Array(shape.dropFirst())
        let width = inner.reduce(1, *)
        return slice(range.lowerBound * width..<range.upperBound * width, shape: [range.count] + inner)
    }
}
