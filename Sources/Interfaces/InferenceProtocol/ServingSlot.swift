// SPDX-License-Identifier: Apache-2.0
package import AccessControl
internal import Glibc
package import InferenceServing
package import Logging
package import ModelDomain
package import ModelExecution
package import NIOCore
package import RequestTracing
internal import Synchronization
package import Tensors

/// What one event loop keeps between predictions, whichever protocol asks, so that a request takes no lock and allocates
/// little.
///
/// Not `Sendable`: used on its event loop only.
package final class ServingSlot {
    package let service: InferenceService
    package let authority: TokenAuthority
    /// Of bodies and messages.
    package let limits: CodecLimits
    /// Of the program.
    package let version: String
    package let logger: Logger
    /// What answers where. Replaced by ``InferenceService/publish(_:)``.
    package private(set) var table: ServingTable
    /// Answers are written here, one at a time.
    package let writer = ByteWriter(capacity: 16_384)
    private var ids: PredictionIDSource
    /// Keeps what became of every request; `nil` where nothing does.
    package let recorder: (any PredictionRecorder)?
    /// `nil` where nothing is traced.
    private var tracer: RequestTracer?
    private var watchers: [ObjectIdentifier: () -> Void] = [:]

    init(_ settings: ServingSettings, loopIndex: Int) {
        service = settings.service
        authority = settings.authority
        limits = settings.limits
        version = settings.version
        logger = settings.logger
        table = settings.service.table
        tracer = settings.tracing.map { RequestTracer($0) }
        ids = PredictionIDSource(replica: settings.replica, loop: UInt16(truncatingIfNeeded: loopIndex))
        recorder = settings.service.sink?.recorder()
    }

    /// The id of a request that comes now.
    package func nextID() -> PredictionID {
        var time = timespec()
        // Exact to the tick of the system's clock, a few milliseconds, and cheap.
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return ids.next(at: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Keeps that a request for a prediction was refused. Of strangers nothing is kept: they could fill the log.
    ///
    /// - Parameter live: What would have answered, where it came to that.
    package func recordRefusal(
        _ id: PredictionID, at endpoint: String, live: LiveVersion? = nil, origin: PredictionOrigin,
        received: Moment? = nil, _ explanation: Explanation
    ) {
        guard let recorder, explanation.kind != .denied, let state = table.endpoints[endpoint] else { return }
        var times = PredictionOutcome.Times()
        if let received { times.total = Moment.now.since(received) }
        recorder.record(
            PredictionOutcome(
                id: id, endpoint: state, live: live ?? state.live, origin: origin,
                result: .failure(.init(explanation)), times: times))
    }

    fileprivate func take(_ table: ServingTable) {
        self.table = table
        for watcher in watchers.values { watcher() }
    }

    /// Calls `body` whenever there is another ``table``, until ``unwatch(_:)``.
    package func watch(_ owner: AnyObject, _ body: @escaping () -> Void) { watchers[ObjectIdentifier(owner)] = body }

    package func unwatch(_ owner: AnyObject) { watchers[ObjectIdentifier(owner)] = nil }

    /// Begins the trace of a prediction, where it is to be traced.
    package func trace(_ name: @autoclosure () -> String, traceparent: String?, tracestate: String?) -> RequestTrace? {
        guard tracer != nil else { return nil }
        return tracer?.begin(name(), traceparent: traceparent, tracestate: tracestate, at: .now)
    }

    /// What a caller is told of why there is no prediction. What is our own mistake is logged under the id that they get;
    /// the rest, too, where somebody wants to read that.
    package func explain(_ error: any Error, id: PredictionID, trace: RequestTrace? = nil) -> Explanation {
        let explanation = explanation(of: error)
        let isBug = explanation.kind == .bug
        logger.log(
            level: isBug ? .error : .debug, isBug ? "prediction failed" : "prediction refused",
            metadata: [
                "prediction.id": "\(id)", "error.code": "\(explanation.code.rawValue)",
                "error.detail": "\(String(reflecting: error))",
            ].merging(trace.map { ["trace.id": "\($0.trace)"] } ?? [:], uniquingKeysWith: { $1 }))
        return explanation
    }
}

/// What every event loop's slot is made from.
package struct ServingSettings: Sendable {
    package let service: InferenceService
    package let authority: TokenAuthority
    package let limits: CodecLimits
    package let version: String
    /// Tells this replica's prediction ids from those of others.
    package let replica: UInt16
    package let logger: Logger
    /// `nil` where nothing is traced.
    package let tracing: TracingSettings?

    package init(
        service: InferenceService, authority: TokenAuthority, limits: CodecLimits, version: String, replica: UInt16,
        logger: Logger, tracing: TracingSettings? = nil
    ) {
        self.tracing = tracing
        self.service = service
        self.authority = authority
        self.limits = limits
        self.version = version
        self.replica = replica
        self.logger = logger
    }
}

/// The slots of a server's event loops; each is made when its loop gets its first connection.
package final class ServingSlots: Sendable {
    private let settings: ServingSettings
    private let slots = Mutex<[ObjectIdentifier: NIOLoopBound<ServingSlot>]>([:])

    package init(_ settings: ServingSettings) { self.settings = settings }

    /// - Precondition: called on `loop`.
    package func slot(of loop: any EventLoop) -> ServingSlot {
        let key = ObjectIdentifier(loop)
        let (bound, isNew) = slots.withLock { slots in
            if let known = slots[key] { return (known, false) }
            let bound = NIOLoopBound(ServingSlot(settings, loopIndex: slots.count), eventLoop: loop)
            slots[key] = bound
            return (bound, true)
        }
        if isNew { subscribe(bound, on: loop) }
        return bound.value
    }

    private func subscribe(_ bound: NIOLoopBound<ServingSlot>, on loop: any EventLoop) {
        let service = settings.service
        service.subscribe { [weak service] done in
            loop.execute { [weak service] in
                // The table of this moment, not the one handed over: two of them may arrive in either order.
                if let service { bound.value.take(service.table) }
                done()
            }
        }
    }
}

/// What a person is told of `error`. One that explains nothing is our mistake, and stays unnamed outside the log.
package func explanation(of error: any Error) -> Explanation {
    (error as? any ExplainedError)?.explanation
        ?? Explanation(
            .bug, .bug, "Something went wrong that nobody foresaw.",
            hint: "Look for the time of this request in `slipway logs`.")
}
