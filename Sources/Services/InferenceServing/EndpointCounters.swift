// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import RequestTracing
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
    private let explanationTime = Atomic<Int>(0)
    private let failureTime = Atomic<Int>(0)
    private let lastMoment = Atomic<Int>(.min)
    private let queueFull = Atomic<Int>(0)
    private let share = Atomic<Int>(0)
    private let rate = Atomic<Int>(0)
    private let deadline = Atomic<Int>(0)
    private let wouldMissDeadline = Atomic<Int>(0)
    private let standingQueue = Atomic<Int>(0)
    private let abandoned = Atomic<Int>(0)
    private let droppedCount = Atomic<Int>(0)
    private let decodeTime = Atomic<Int>(0)
    private let assemblyTime = Atomic<Int>(0)
    private let splittingTime = Atomic<Int>(0)
    private let encodeTime = Atomic<Int>(0)
    private let deliveryTime = Atomic<Int>(0)
    private let hitCount = Atomic<Int>(0)
    private let hitTime = Atomic<Int>(0)
    private let missCount = Atomic<Int>(0)
    private let missTime = Atomic<Int>(0)
    /// From the first byte that was decoded to the last one that was written, of the predictions that were made.
    package let latencies = LatencyHistogram()
    /// A prediction in each of its buckets, to be looked for elsewhere.
    package let exemplars = LatencyExemplars()
    /// To decode, of what was accepted; in the engine, of what was computed, and explained; to encode, of what was answered.
    package let decodings = LatencyHistogram()
    package let computations = LatencyHistogram()
    package let explanations = LatencyHistogram()
    package let encodings = LatencyHistogram()
    package let engineCalls = EngineCallCounts()

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
    /// What of that explanations took.
    package var explanationNanoseconds: Int { explanationTime.load(ordering: .relaxed) }
    /// Time to decode the requests that were accepted, where an interface timed it.
    package var decodeNanoseconds: Int { decodeTime.load(ordering: .relaxed) }
    /// Time that predictions that were made together took to be put together, counted for each of them.
    package var assemblyNanoseconds: Int { assemblyTime.load(ordering: .relaxed) }
    /// Time that their answers took to be taken apart, counted for each of them.
    package var splittingNanoseconds: Int { splittingTime.load(ordering: .relaxed) }
    /// Time to write the predictions that were made, with the way back to the event loop.
    package var encodeNanoseconds: Int { encodeTime.load(ordering: .relaxed) }
    /// All of the time of the predictions in ``latencies``.
    package var deliveryNanoseconds: Int { deliveryTime.load(ordering: .relaxed) }
    /// Answered with what was kept for a request like it, and the time to find that.
    package var cacheHits: Int { hitCount.load(ordering: .relaxed) }
    package var cacheHitNanoseconds: Int { hitTime.load(ordering: .relaxed) }
    /// Looked for in vain, and the time to look and to keep the answer.
    package var cacheMisses: Int { missCount.load(ordering: .relaxed) }
    package var cacheMissNanoseconds: Int { missTime.load(ordering: .relaxed) }
    /// Failed in the engine, as against refused after they had waited.
    package var failedRunning: Int { max(0, failed - droppedCount.load(ordering: .relaxed)) }
    /// From acceptance to the answer, of the predictions that were made.
    package var successNanoseconds: Int {
        queueNanoseconds + assemblyNanoseconds + runNanoseconds + splittingNanoseconds + cacheHitNanoseconds
    }
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
        droppedCount.add(1, ordering: .relaxed)
        fail(after: nanoseconds)
    }

    func fail(after nanoseconds: Int) {
        failureTime.add(nanoseconds, ordering: .relaxed)
        failedCount.add(1, ordering: .relaxed)
        answeredCount.add(1, ordering: .relaxed)
    }

    func succeed(rows: Int, queued: Int, ran: Int, isExplanation: Bool = false, at end: Moment) {
        (isExplanation ? explanations : computations).record(ran)
        if isExplanation { explanationTime.add(ran, ordering: .relaxed) }
        rowCount.add(rows, ordering: .relaxed)
        if queued != 0 { queueTime.add(queued, ordering: .relaxed) }
        runTime.add(ran, ordering: .relaxed)
        lastMoment.store(end.nanoseconds, ordering: .relaxed)
        answeredCount.add(1, ordering: .relaxed)
    }

    /// One of several that were made together.
    func succeed(rows: Int, queued: Int, _ times: JointTimes, at end: Moment) {
        assemblyTime.add(times.assembly, ordering: .relaxed)
        splittingTime.add(times.splitting, ordering: .relaxed)
        succeed(rows: rows, queued: queued, ran: times.compute, at: end)
    }

    /// Answered with what was kept.
    func hit(after nanoseconds: Int, at end: Moment) {
        hitCount.add(1, ordering: .relaxed)
        hitTime.add(nanoseconds, ordering: .relaxed)
        lastMoment.store(end.nanoseconds, ordering: .relaxed)
        answeredCount.add(1, ordering: .relaxed)
    }

    /// Nothing was kept for a request.
    func miss(after nanoseconds: Int) {
        missCount.add(1, ordering: .relaxed)
        missTime.add(nanoseconds, ordering: .relaxed)
    }

    /// An answer was kept.
    func keep(for nanoseconds: Int) { missTime.add(nanoseconds, ordering: .relaxed) }

    func decoded(in nanoseconds: Int) {
        decodeTime.add(nanoseconds, ordering: .relaxed)
        decodings.record(nanoseconds)
    }

    func delivered(
        _ prediction: PredictionID, in nanoseconds: Int, encoded: Int, at now: Moment, trace: TraceID? = nil
    ) {
        encodeTime.add(encoded, ordering: .relaxed)
        encodings.record(encoded)
        deliveryTime.add(nanoseconds, ordering: .relaxed)
        let bucket = latencies.record(nanoseconds)
        exemplars.note(prediction, took: nanoseconds, bucket: bucket, at: now, trace: trace)
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
