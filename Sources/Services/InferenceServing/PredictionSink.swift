// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelExecution
package import RequestTracing
internal import Synchronization
package import Tensors

/// Port: takes every prediction that was answered or refused, and is never in the caller's way.
package protocol PredictionSink: Sendable {
    /// What one event loop tells its predictions to.
    func recorder() -> any PredictionRecorder
}

/// Called on its event loop only.
package protocol PredictionRecorder: AnyObject {
    /// Takes what became of a request. What the tensors hold is copied before this returns.
    func record(_ outcome: borrowing PredictionOutcome)

    /// The same for a prediction whose answer waits until it is kept.
    ///
    /// - Parameter done: Called once, on any thread: `true` when the record is on the disk, or is none of those that are to
    ///   be kept; `false` when the disk did not take it.
    func record(_ outcome: borrowing PredictionOutcome, whenKept done: @escaping @Sendable (Bool) -> Void)

    /// Whether a prediction of the endpoint could not be kept now, where one that is not kept is not to be made.
    func mustRefuse(_ endpoint: EndpointState) -> Bool
}

/// What became of a request for a prediction, and all that is known of it.
package struct PredictionOutcome {
    package let id: PredictionID
    package let endpoint: EndpointState
    /// What answered or would have; `nil` where it did not come to that.
    package let live: LiveVersion?
    /// Where the request came with a token.
    package let principal: PrincipalName?
    /// What the caller calls that which the prediction is about.
    package let key: String?
    /// Whom it is about, where the caller said so.
    package let subject: String?
    /// Where it was traced.
    package let trace: TraceID?
    /// As the engine took them; empty where they could not be read.
    package let inputs: [Tensor]
    package let rowCount: Int
    /// As the engine gave them, or why there are none.
    package let result: Result<[Tensor], Failure>
    package let times: Times

    package struct Failure: Error {
        package let code: ErrorCode
        package let kind: Explanation.Kind

        package init(_ explanation: Explanation) {
            code = explanation.code
            kind = explanation.kind
        }
    }

    /// In nanoseconds.
    package struct Times {
        /// Until the engine began.
        package var queue = 0
        package var run = 0
        /// From the first byte that was decoded until the answer was written.
        package var total = 0
        /// Rows of the engine's call, which other requests may have shared; 0 where there was none.
        package var callRows = 0

        package init() {}
    }

    package init(
        id: PredictionID, endpoint: EndpointState, live: LiveVersion?, origin: PredictionOrigin, inputs: [Tensor] = [],
        rowCount: Int = 0, result: Result<[Tensor], Failure>, times: Times
    ) {
        self.id = id
        self.endpoint = endpoint
        self.live = live
        principal = origin.principal
        key = origin.key
        subject = origin.subject
        trace = origin.trace
        self.inputs = inputs
        self.rowCount = rowCount
        self.result = result
        self.times = times
    }
}

/// Who asked for a prediction, and what it is about.
package struct PredictionOrigin: Sendable {
    package static let unknown = PredictionOrigin()

    package var principal: PrincipalName?
    /// What the caller calls that which the prediction is about: an order, a customer.
    package var key: String?
    /// Whom all of its rows are about.
    package var subject: String?
    /// Where the request is traced.
    package var trace: TraceID?

    package init(principal: PrincipalName? = nil, key: String? = nil, subject: String? = nil) {
        self.principal = principal
        self.key = key
        self.subject = subject
    }
}

/// How long a call waited and ran, for whoever keeps it: written by the thread that ran it, read once it is answered.
package final class CallTimes: Sendable {
    private let queueTime = Atomic<Int>(0)
    private let runTime = Atomic<Int>(0)
    private let callRows = Atomic<Int>(0)

    package init() {}

    /// - Parameter rows: Of the engine's call.
    func ran(queued: Int, ran: Int, rows: Int) {
        callRows.store(rows, ordering: .relaxed)
        queueTime.store(queued, ordering: .relaxed)
        runTime.store(ran, ordering: .relaxed)
    }

    package var times: PredictionOutcome.Times {
        var times = PredictionOutcome.Times()
        times.queue = queueTime.load(ordering: .relaxed)
        times.run = runTime.load(ordering: .relaxed)
        times.callRows = callRows.load(ordering: .relaxed)
        return times
    }
}

extension InferenceCall {
    /// Whether its answer waits until its record is on the disk. Of an explanation there is none.
    package var waitsForLog: Bool {
        endpoint.record.settings.logDurable && explanation == nil && kept != nil
    }

    /// How long it does that, in nanoseconds: not beyond its deadline, and never long.
    package var patienceForLog: Int {
        let longest = 5_000_000_000
        guard let received else { return longest }
        let now = Moment.now
        let deadline = min(
            endpoint.deadlineNanoseconds.map(received.after) ?? .never, terms.deadline ?? .never)
        return deadline > now ? min(deadline.since(now), longest) : 0
    }

    /// What became of it.
    ///
    /// - Parameter failure: Why there is no answer, as the caller was told.
    package func outcome(
        _ id: PredictionID, _ result: Result<[Tensor], PredictionOutcome.Failure>
    ) -> PredictionOutcome {
        var times = kept?.times ?? PredictionOutcome.Times()
        if let received { times.total = Moment.now.since(received) }
        return PredictionOutcome(
            id: id, endpoint: endpoint, live: live, origin: terms.origin, inputs: inputs, rowCount: rowCount,
            result: result, times: times)
    }
}
