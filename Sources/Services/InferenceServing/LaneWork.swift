// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// A prediction that was accepted for a lane.
final class LaneWork: WaitingWork, Sendable {
    let accepted: AcceptedCall
    let pending: PendingAnswer
    /// Hands the answer out. Called once.
    let completion: @Sendable (Result<[Tensor], ServingError>) -> Void
    /// How much larger its rows are than the measured one.
    private let sizeFactor: Double

    init(
        _ call: InferenceCall, pending: PendingAnswer, arrival: Moment, deadline: Moment,
        completion: @escaping @Sendable (Result<[Tensor], ServingError>) -> Void
    ) {
        accepted = AcceptedCall(call: call, arrival: arrival, deadline: deadline)
        self.pending = pending
        self.completion = completion
        sizeFactor = call.live.cost.sizeFactor(rowCount: call.rowCount, byteCount: call.byteCount)
    }

    var call: InferenceCall { accepted.call }
    var arrival: Moment { accepted.arrival }
    var deadline: Moment { accepted.deadline }
    var isAbandoned: Bool { pending.isAbandoned }
    var isHeldUp: Bool { call.live.engine.recovery.isUnderway }
    var counters: EndpointCounters { call.endpoint.counters }

    var priority: RequestPriority { call.terms.priority }
    var settings: EndpointSettings { call.endpoint.record.settings }
    var batching: VersionBatching { call.live.batching }

    /// Whether both can be one call of the engine: the same version, and rows of the same shapes.
    func joins(_ other: LaneWork) -> Bool { call.joins(other.call) }

    var rowCount: Int { call.rowCount }

    /// How long a call of so many rows like these is thought to take, in nanoseconds. Under the lock of the lanes.
    func cost(rows: Int) -> Int {
        Int(exactly: (Double(batching.sizing.nanoseconds(rows: rows)) * sizeFactor).rounded()) ?? .max
    }

    /// How calls like this one are joined; `nil` where they are not. Under the lock of the lanes.
    var pace: JointPace? {
        let cap = call.isPlain ? batching.cap(settings) : 1
        guard cap > rowCount else { return nil }
        return JointPace(calls: Double(cap) / Double(max(1, rowCount)), nanoseconds: cost(rows: cap))
    }

    /// A call with `rows` like these took so long: what that would have been with rows of the measured size.
    func normalized(_ nanoseconds: Int) -> Int { Int(Double(nanoseconds) / sizeFactor) }

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
    func run(start: Moment) {
        end(InferenceServing.run(call, arrival: arrival, start: start, deadline: deadline).result)
    }
}

/// Runs work of one version as one call of the engine, and hands out the answers.
///
/// - Parameter expected: How long that is thought to take, in nanoseconds.
/// - Returns: Whether the answers were handed out; otherwise each has to be run apart.
func runTogether(_ works: [LaneWork], start: Moment, expecting expected: Int) -> Bool {
    if works.count == 1 {
        works[0].run(start: start)
        return true
    }
    guard let results = runTogether(works.map(\.accepted), start: start, expecting: expected) else { return false }
    for (work, result) in zip(works, results) { work.end(result) }
    return true
}
