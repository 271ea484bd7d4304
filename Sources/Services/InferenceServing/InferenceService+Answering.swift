// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelExecution
internal import PredictionExplaining
internal import RequestTracing
package import Tensors

/// From a decoded call to its answer.
extension InferenceService {
    /// Where a call of a version runs.
    ///
    /// - Parameter byteCount: Of all inputs together.
    package func placement(
        of live: LiveVersion, at record: EndpointRecord, rowCount: Int, byteCount: Int
    ) -> EndpointSettings.RunPlacement {
        guard !live.isForLanes else { return .lane }
        return switch record.settings.runOn {
        case .inline: .inline
        case .lane: .lane
        case .auto:
            live.cost.nanoseconds(rowCount: rowCount, byteCount: byteCount) <= inlineBudgetNanoseconds
                && !live.overruns.isPaused ? .inline : .lane
        }
    }

    /// Whether, and why, requests of a version that wait are joined.
    package func batching(of live: LiveVersion, at record: EndpointRecord) -> BatchingVerdict {
        guard placement(of: live, at: record, rowCount: 1, byteCount: 0) == .inline else {
            return live.batching.verdict(record.settings)
        }
        return live.batching.inlineVerdict(record.settings)
    }

    /// Runs one request where it arrived, on the version that its event loop's table names.
    ///
    /// - Returns: `nil`, and nothing was done, when the call is for ``answerLater(_:completion:)``: it is not expected to
    ///   fit the inline budget, or the endpoint says so, and no answer is kept for it.
    package func answerNow(_ call: InferenceCall) -> Result<[Tensor], ServingError>? {
        guard call.explanation == nil else { return nil }
        if let cache = call.endpoint.cache, call.isPlain, let kept = answer(call, from: cache) { return kept }
        guard
            placement(
                of: call.live, at: call.endpoint.record, rowCount: call.rowCount, byteCount: call.byteCount) == .inline
        else { return nil }
        let now = Moment.now
        do throws(ServingError) {
            let deadline = try accept(call, now, now: now)
            defer { call.live.counts.answer() }
            let begun = call.live.overruns.begin(now)
            let (result, nanoseconds) = run(call, arrival: now, start: now, deadline: deadline)
            call.live.overruns.end(nanoseconds, begun: begun, budget: inlineBudgetNanoseconds)
            return result
        } catch {
            return .failure(error)
        }
    }

    /// Accepts a call that runs where it arrived.
    ///
    /// - Returns: Its deadline.
    func accept(_ call: InferenceCall, _ arrival: Moment, now: Moment) throws(ServingError) -> Moment {
        let deadline = try arrive(call, now)
        call.endpoint.counters.accept()
        call.decoded(at: arrival)
        call.live.counts.accept()
        return deadline
    }

    /// The answer that is kept for inputs like these; `nil` when there is none.
    private func answer(_ call: InferenceCall, from cache: ResponseCache) -> Result<[Tensor], ServingError>? {
        let now = Moment.now
        let counters = call.endpoint.counters
        guard let answers = cache.answers(to: CacheKey(call.inputs)) else {
            counters.miss(after: Moment.now.since(now))
            return nil
        }
        do throws(ServingError) {
            _ = try accept(call, now, now: now)
            let end = Moment.now
            counters.hit(after: end.since(now), at: end)
            call.terms.trace?.note("slipway.cache", .text("hit"))
            call.live.counts.answer()
            return .success(answers)
        } catch {
            return .failure(error)
        }
    }

    /// Runs one request on a lane.
    ///
    /// - Parameter completion: Called exactly once, unless this throws; on a thread of the lanes, or, when the request has
    ///   to make room, on one that submits.
    /// - Throws: Why it was not taken: overload, a share or rate that is used up, a deadline that cannot be kept.
    package func answerLater(
        _ call: InferenceCall, completion: @escaping @Sendable (Result<[Tensor], ServingError>) -> Void
    ) throws(ServingError) -> PendingAnswer {
        let arrival = Moment.now
        let deadline = try arrive(call, arrival)
        let pending = PendingAnswer()
        let counts = call.live.counts
        let work = LaneWork(call, pending: pending, arrival: arrival, deadline: deadline, completion: completion)
        counts.accept()
        do throws(ServingError) {
            try submit(work)
        } catch {
            counts.retract()
            throw error
        }
        call.decoded(at: arrival)
        return pending
    }

    private func submit(_ work: LaneWork) throws(ServingError) {
        let call = work.call
        let settings = call.endpoint.record.settings
        try lanes.submit(
            work, of: call.terms.caller, until: work.deadline, to: call.endpoint.admission,
            limits: AdmissionLimits(
                queue: settings.queue ?? queueLimit, concurrency: settings.concurrency,
                waitNanoseconds: settings.wait?.nanoseconds),
            expecting: call.live.cost.nanoseconds(rowCount: call.rowCount, byteCount: 0))
    }

    /// What is asked of every request before anything is done for it.
    ///
    /// - Returns: Its deadline: what the caller says or what the endpoint says, whichever is earlier.
    private func arrive(_ call: InferenceCall, _ now: Moment) throws(ServingError) -> Moment {
        let endpoint = call.endpoint
        if let rate = endpoint.record.settings.ratePerClient,
            let pause = endpoint.admission.takeToken(of: call.terms.caller, at: rate, now: now)
        {
            endpoint.counters.refuse(.rate)
            throw .overRate(rate, retryAfter: retrySeconds(after: pause))
        }
        let own = endpoint.deadlineNanoseconds.map(now.after) ?? .never
        guard let asked = call.terms.deadline else { return own }
        let deadline = min(own, asked)
        guard deadline > now else {
            endpoint.counters.refuse(.deadline)
            throw .deadlineExceeded
        }
        return deadline
    }
}

/// Runs a call that was accepted, and counts it. An answer that comes after the deadline is none.
func run(
    _ call: InferenceCall, arrival: Moment, start: Moment, deadline: Moment
) -> (result: Result<[Tensor], ServingError>, nanoseconds: Int) {
    let counters = call.endpoint.counters
    let result: Result<[Tensor], ServingError>
    do throws(EngineError) {
        let engine = call.live.engine
        let answers =
            if let explanation = call.explanation {
                AttributionTensors.tensors(
                    of: try call.live.explainer.attributions(
                        call.inputs, rowCount: call.rowCount, explanation, until: deadline))
            } else if let clock = call.clock {
                try engine.run(call.inputs, until: deadline, timing: clock)
            } else {
                try engine.run(call.inputs, until: deadline)
            }
        result = .success(answers)
    } catch .deadlinePassed {
        let end = Moment.now
        call.terms.trace?.noteRun(arrival: arrival, start: start, end: end, rows: call.rowCount)
        counters.drop(.deadline, after: end.since(arrival))
        return (.failure(.deadlineExceeded), end.since(start))
    } catch {
        result = .failure(.engine(error))
    }
    let end = Moment.now
    call.terms.trace?.noteRun(arrival: arrival, start: start, end: end, rows: call.rowCount)
    let nanoseconds = end.since(start)
    guard case .success(let answers) = result else {
        counters.fail(after: end.since(arrival))
        return (result, nanoseconds)
    }
    guard end <= deadline else {
        counters.drop(.deadline, after: end.since(arrival))
        return (.failure(.deadlineExceeded), nanoseconds)
    }
    counters.engineCalls.ran(rows: call.rowCount, compute: nanoseconds)
    counters.succeed(
        rows: call.rowCount, queued: start.since(arrival), ran: nanoseconds, isExplanation: call.explanation != nil,
        at: end)
    call.kept?.ran(queued: start.since(arrival), ran: nanoseconds, rows: call.rowCount)
    call.keep(answers)
    return (result, nanoseconds)
}
