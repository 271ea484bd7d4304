// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
package import PredictionExplaining
package import RequestTracing
internal import Synchronization
package import Tensors

/// A decoded prediction on its way to an engine: what to run, where it counts, and on which terms.
package struct InferenceCall: Sendable {
    /// As ``Signature/arrange(_:)`` or the row decoder made them.
    package let inputs: [Tensor]
    /// Rows in the call, which decide whether it is light enough for an event loop.
    package let rowCount: Int
    package let live: LiveVersion
    package let endpoint: EndpointState
    package let terms: RequestTerms
    /// What is to be explained of the answers, in their place; `nil` for the answers themselves.
    package let explanation: ExplanationRequest?
    /// When the interface began to decode it; `nil` where it does not time that.
    package let received: Moment?
    /// Where to note how long it took; `nil` where nobody keeps that.
    let kept: CallTimes?

    package init(
        inputs: [Tensor], rowCount: Int, live: LiveVersion, endpoint: EndpointState, terms: RequestTerms,
        explanation: ExplanationRequest? = nil, received: Moment? = nil
    ) {
        self.received = received
        self.inputs = inputs
        self.rowCount = rowCount
        self.live = live
        self.endpoint = endpoint
        self.terms = terms
        self.explanation = explanation
        kept = endpoint.record.settings.logSample.isNothing ? nil : CallTimes()
    }
}

extension InferenceCall {
    /// Whether nothing but the answer is wanted.
    var isPlain: Bool { explanation == nil && terms.clock == nil }

    /// Where the model notes how long its steps took: for a caller who asked, and in the trace of a model that has some.
    var clock: StepClock? {
        terms.clock ?? terms.trace.flatMap { live.engine.steps.isEmpty ? nil : $0.clock }
    }

    var byteCount: Int { inputs.reduce(0) { $0 + $1.storage.byteCount } }

    /// Keeps the answer for later requests like this one, where the endpoint does that.
    func keep(_ answers: [Tensor]) {
        guard let cache = endpoint.cache, isPlain else { return }
        let begun = Moment.now
        cache.keep(answers, for: CacheKey(inputs))
        endpoint.counters.keep(for: Moment.now.since(begun))
    }

    /// It was decoded, and arrives.
    func decoded(at arrival: Moment) {
        guard let received else { return }
        endpoint.counters.decoded(in: arrival.since(received))
        terms.trace?.note(.decode, from: received, to: arrival)
    }

    /// The interface has written the answer: counts how long that took, and how long the whole.
    ///
    /// - Parameter answered: When the answer was there to be written.
    package func delivered(_ prediction: PredictionID, since answered: Moment) {
        guard let received else { return }
        let now = Moment.now
        terms.trace?.note(.encode, from: answered, to: now)
        endpoint.counters.delivered(
            prediction, in: now.since(received), encoded: now.since(answered), at: now, trace: terms.trace?.trace)
    }
}

/// Who asks, and for how long the answer is of use: set by the interface that took the request, honoured all the way.
package struct RequestTerms: Sendable {
    package let caller: CallerKey
    /// When nobody waits for the answer any more; `nil` when the caller did not say.
    package let deadline: Moment?
    /// Where to note how long the model's steps took; `nil` when nobody asked.
    package let clock: StepClock?
    package let priority: RequestPriority
    package let origin: PredictionOrigin
    /// Where each part of the work is noted; `nil` for a request that is not traced.
    package let trace: RequestTrace?

    package init(
        caller: CallerKey = .anonymous, deadline: Moment? = nil, clock: StepClock? = nil,
        priority: RequestPriority = .interactive, origin: PredictionOrigin = .unknown, trace: RequestTrace? = nil
    ) {
        var origin = origin
        origin.trace = trace?.trace
        self.origin = origin
        self.trace = trace
        self.priority = priority
        self.caller = caller
        self.deadline = deadline
        self.clock = clock
    }
}

/// Tells callers apart, for fair shares and quotas: a principal where there is a token, else the address of the peer.
package struct CallerKey: Sendable, Hashable {
    private let value: UInt64

    package static let anonymous = CallerKey(value: 0)

    private init(value: UInt64) { self.value = value }

    package init(hashing name: String) {
        var hasher = Hasher()
        hasher.combine(name)
        value = UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

/// A prediction that waits for a lane or runs on one.
package final class PendingAnswer: Sendable {
    private let abandoned = Atomic<Bool>(false)

    package init() {}

    /// Says that nobody waits any more. One that has not begun is then dropped, and its completion gets
    /// ``ServingError/abandoned``.
    package func abandon() { abandoned.store(true, ordering: .relaxed) }

    package var isAbandoned: Bool { abandoned.load(ordering: .relaxed) }
}

extension RequestTrace {
    /// - Parameter rows: Of the engine's call.
    func noteRun(arrival: Moment, start: Moment, end: Moment, rows: Int) {
        if start > arrival { note(.queue, from: arrival, to: start) }
        note(.engine, from: start, to: end, rows: rows)
    }
}
