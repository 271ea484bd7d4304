// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution

/// A prediction that was accepted for a lane.
final class LaneWork: WaitingWork, Sendable {
    let pending: PendingAnswer
    let arrival: Moment
    let counters: EndpointCounters
    /// Runs it and hands out the answer; gets when it left the queue, returns how long the engine took in nanoseconds.
    let run: @Sendable (_ start: Moment) -> Int
    /// Hands out that it was not run.
    let refuse: @Sendable (ServingError) -> Void

    init(
        pending: PendingAnswer, arrival: Moment, counters: EndpointCounters,
        run: @escaping @Sendable (_ start: Moment) -> Int, refuse: @escaping @Sendable (ServingError) -> Void
    ) {
        self.pending = pending
        self.arrival = arrival
        self.counters = counters
        self.run = run
        self.refuse = refuse
    }

    var isAbandoned: Bool { pending.isAbandoned }

    /// It was accepted, and leaves the queue without being run.
    func drop(_ cause: RefusalCause, waiting: Int) {
        counters.drop(cause, after: max(0, Moment.now.since(arrival)))
        refuse(ServingError(cause, waiting: waiting, expectedWait: 0))
    }
}
