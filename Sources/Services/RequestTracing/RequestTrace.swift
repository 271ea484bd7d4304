// SPDX-License-Identifier: Apache-2.0
package import ModelExecution
internal import Synchronization

/// One prediction that is traced, from when it is here as a whole until its answer is written.
///
/// Held by the request; whoever does a part of the work notes it. When the answer is written, all of it goes to the sink.
package final class RequestTrace: Sendable {
    package let trace: TraceID
    package let span: SpanID
    /// The span of the caller; `nil` where the trace begins here.
    package let parent: SpanID?
    package let state: String?
    package let begun: Moment
    /// Where a graph notes how long its steps took.
    package let clock = StepClock()
    private let name: String
    private let sink: any TraceSink
    private let work = Mutex(Work())

    private struct Work {
        var phases: [FinishedTrace.Phase] = []
        var facts: [(name: String, value: FinishedTrace.Fact)] = []
        var isEnded = false
    }

    init(
        _ name: String, trace: TraceID, span: SpanID, in context: TraceContext?, begun: Moment, to sink: any TraceSink
    ) {
        self.name = name
        self.trace = trace
        self.span = span
        parent = context?.parent
        state = context?.state
        self.begun = begun
        self.sink = sink
    }

    /// Whoever has asked is gone, or was told so before there was anything to write.
    deinit { end(problem: "abandoned") }

    /// A part of the work is done.
    package func note(_ phase: FinishedTrace.PhaseName, from begun: Moment, to ended: Moment, rows: Int? = nil) {
        work.withLock { $0.phases.append(.init(name: phase, begun: begun, ended: ended, rows: rows)) }
    }

    /// Something is known of it.
    package func note(_ name: String, _ value: FinishedTrace.Fact) { work.withLock { $0.facts.append((name, value)) } }

    /// The answer is written. Only the first time counts.
    ///
    /// - Parameter problem: The code of why it is none.
    package func end(problem: String? = nil) {
        let ended = Moment.now
        let done = work.withLock { work -> Work? in
            guard !work.isEnded else { return nil }
            work.isEnded = true
            return work
        }
        guard let done else { return }
        sink.take(
            FinishedTrace(
                trace: trace, span: span, parent: parent, state: state, name: name, begun: begun, ended: ended,
                phases: done.phases, steps: clock.marks, facts: done.facts, problem: problem))
    }
}

/// What became of a request that was traced.
package struct FinishedTrace: Sendable {
    package enum PhaseName: String, Sendable {
        /// The body is read into tensors.
        case decode
        /// It waits for a thread, or for a model to be loaded.
        case queue
        /// The engine computes, for this request or for several.
        case engine
        /// The answer is written.
        case encode
    }

    package struct Phase: Sendable {
        package let name: PhaseName
        package let begun: Moment
        package let ended: Moment
        /// Of the engine's call, with those of other requests.
        package let rows: Int?
    }

    package enum Fact: Sendable, Hashable {
        case text(String)
        case number(Int)
    }

    package let trace: TraceID
    package let span: SpanID
    package let parent: SpanID?
    package let state: String?
    package let name: String
    package let begun: Moment
    package let ended: Moment
    package let phases: [Phase]
    /// Of a graph, where the call was this request's alone.
    package let steps: [StepMark]
    package let facts: [(name: String, value: Fact)]
    package let problem: String?
}
