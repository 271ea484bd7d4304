// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Synchronization

/// Counts and times of one endpoint since the server started, over all its versions.
///
/// A prediction that is accepted is answered once, whatever comes of it, so that `accepted − answered` are on their way.
/// One that is refused on arrival is in neither; one that is refused after it had waited is in both, and has failed.
/// Each number is exact; numbers that are read one after the other may be of slightly different moments.
package final class EndpointCounters: Sendable {
    private let acceptedCount = Atomic<Int>(0)
    private let answeredCount = Atomic<Int>(0)
    private let failedCount = Atomic<Int>(0)
    private let rowCount = Atomic<Int>(0)
    private let queueTime = Atomic<Int>(0)
    private let runTime = Atomic<Int>(0)
    private let failureTime = Atomic<Int>(0)
    private let lastMoment = Atomic<Int>(.min)
    private let queueFull = Atomic<Int>(0)
    private let share = Atomic<Int>(0)
    private let rate = Atomic<Int>(0)
    private let deadline = Atomic<Int>(0)
    private let wouldMissDeadline = Atomic<Int>(0)
    private let standingQueue = Atomic<Int>(0)
    private let abandoned = Atomic<Int>(0)

    package init() {}

    package var accepted: Int { acceptedCount.load(ordering: .relaxed) }
    /// Accepted and answered, failures included.
    package var answered: Int { answeredCount.load(ordering: .relaxed) }
    /// Answered without a prediction.
    package var failed: Int { failedCount.load(ordering: .relaxed) }
    /// Answered with a prediction.
    package var succeeded: Int { max(0, answered - failed) }
    /// Accepted and not yet answered: those that wait and those that run.
    package var inFlight: Int { max(0, accepted - answered) }
    /// Rows of the predictions that were made.
    package var rows: Int { rowCount.load(ordering: .relaxed) }
    /// Time that the predictions that were made had waited, in nanoseconds.
    package var queueNanoseconds: Int { queueTime.load(ordering: .relaxed) }
    /// Time that the engine took for the predictions that were made, in nanoseconds.
    package var runNanoseconds: Int { runTime.load(ordering: .relaxed) }
    /// Queue and run together, of the predictions that were made.
    package var successNanoseconds: Int { queueNanoseconds + runNanoseconds }
    /// From acceptance to the end of those that failed.
    package var failureNanoseconds: Int { failureTime.load(ordering: .relaxed) }

    /// How long ago the last prediction was made, in nanoseconds; `nil` when there was none.
    package var nanosecondsSinceLastInference: Int? {
        let last = lastMoment.load(ordering: .relaxed)
        return last == .min ? nil : max(0, Moment.now.nanoseconds - last)
    }

    /// Refused, on arrival or after having waited, for one cause.
    package func refused(_ cause: RefusalCause) -> Int {
        switch cause {
        case .queueFull: queueFull.load(ordering: .relaxed)
        case .share: share.load(ordering: .relaxed)
        case .rate: rate.load(ordering: .relaxed)
        case .deadline: deadline.load(ordering: .relaxed)
        case .wouldMissDeadline: wouldMissDeadline.load(ordering: .relaxed)
        case .standingQueue: standingQueue.load(ordering: .relaxed)
        case .abandoned: abandoned.load(ordering: .relaxed)
        }
    }

    func accept() { acceptedCount.add(1, ordering: .relaxed) }

    /// Refused on arrival.
    func refuse(_ cause: RefusalCause) { increment(cause) }

    /// Accepted, and refused after it had waited, or answered too late.
    func drop(_ cause: RefusalCause, after nanoseconds: Int) {
        increment(cause)
        fail(after: nanoseconds)
    }

    func fail(after nanoseconds: Int) {
        failureTime.add(nanoseconds, ordering: .relaxed)
        failedCount.add(1, ordering: .relaxed)
        answeredCount.add(1, ordering: .relaxed)
    }

    func succeed(rows: Int, queued: Int, ran: Int, at end: Moment) {
        rowCount.add(rows, ordering: .relaxed)
        if queued != 0 { queueTime.add(queued, ordering: .relaxed) }
        runTime.add(ran, ordering: .relaxed)
        lastMoment.store(end.nanoseconds, ordering: .relaxed)
        answeredCount.add(1, ordering: .relaxed)
    }

    private func increment(_ cause: RefusalCause) {
        switch cause {
        case .queueFull: queueFull.add(1, ordering: .relaxed)
        case .share: share.add(1, ordering: .relaxed)
        case .rate: rate.add(1, ordering: .relaxed)
        case .deadline: deadline.add(1, ordering: .relaxed)
        case .wouldMissDeadline: wouldMissDeadline.add(1, ordering: .relaxed)
        case .standingQueue: standingQueue.add(1, ordering: .relaxed)
        case .abandoned: abandoned.add(1, ordering: .relaxed)
        }
    }
}
