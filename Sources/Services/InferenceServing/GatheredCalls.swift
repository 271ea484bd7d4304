// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
package import Tensors

/// Calls that arrived together and run where they arrived, as one call of the engine. Nobody waits for company: what came
/// in one read of a connection is here already, and is answered in one write.
package struct GatheredCalls {
    private(set) var calls: [(call: InferenceCall, arrival: Moment)] = []
    private var rowCount = 0
    private var byteCount = 0

    package init() {}

    package mutating func removeAll() {
        calls.removeAll(keepingCapacity: true)
        (rowCount, byteCount) = (0, 0)
    }

    /// Takes a call in.
    ///
    /// - Returns: Whether it can be one call with those that are here, within what a run on an event loop may take.
    package mutating func take(_ call: InferenceCall, for service: InferenceService) -> Bool {
        let rows = rowCount + call.rowCount
        let bytes = byteCount + call.byteCount
        if let first = calls.first?.call {
            let record = call.endpoint.record
            guard first.joins(call), first.endpoint === call.endpoint, rows <= call.live.batching.most(record.settings),
                service.placement(of: call.live, at: record, rowCount: rows, byteCount: bytes) == .inline
            else { return false }
        }
        calls.append((call, .now))
        (rowCount, byteCount) = (rows, bytes)
        return true
    }
}

extension InferenceService {
    /// Whether a call may run together with others that arrive with it: a light one of a version whose rows were shown not
    /// to influence one another, and to cost less together, at an endpoint that keeps no answers.
    package func gathers(_ call: InferenceCall) -> Bool {
        let record = call.endpoint.record
        return call.isPlain && call.endpoint.cache == nil
            && call.live.batching.most(record.settings) > call.rowCount
            && placement(of: call.live, at: record, rowCount: call.rowCount, byteCount: call.byteCount) == .inline
    }

    /// Runs what has gathered where it arrived.
    ///
    /// - Returns: The answer to each, in their order.
    package func answerNow(_ gathered: GatheredCalls) -> [Result<[Tensor], ServingError>] {
        let start = Moment.now
        var accepted: [AcceptedCall] = []
        accepted.reserveCapacity(gathered.calls.count)
        let refusals = gathered.calls.map { call, arrival -> ServingError? in
            do throws(ServingError) {
                let deadline = try accept(call, arrival, now: start)
                accepted.append(AcceptedCall(call: call, arrival: arrival, deadline: deadline))
                return nil
            } catch {
                return error
            }
        }
        var answers = run(accepted, start: start)[...]
        return refusals.map { $0.map(Result.failure) ?? answers.removeFirst() }
    }

    private func run(_ accepted: [AcceptedCall], start: Moment) -> [Result<[Tensor], ServingError>] {
        guard let live = accepted.first?.call.live else { return [] }
        let begun = live.overruns.begin(start)
        defer {
            live.overruns.end(Moment.now.since(start), begun: begun, budget: inlineBudgetNanoseconds)
            for _ in accepted { live.counts.answer() }
        }
        let rows = accepted.reduce(0) { $0 + $1.call.rowCount }
        if accepted.count > 1,
            let answers = runTogether(
                accepted, start: start, expecting: live.cost.nanoseconds(rowCount: rows, byteCount: 0))
        {
            live.batching.count(rows: rows, requests: accepted.count)
            return answers
        }
        return accepted.map {
            InferenceServing.run($0.call, arrival: $0.arrival, start: .now, deadline: $0.deadline).result
        }
    }
}
