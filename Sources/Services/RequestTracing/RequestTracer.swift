// SPDX-License-Identifier: Apache-2.0
package import ModelExecution

/// Port: takes what became of requests that were traced.
package protocol TraceSink: Sendable {
    /// Called on event loops: keeps it or drops it, and waits for nothing.
    func take(_ trace: FinishedTrace)

    var counts: TraceCounts { get }
}

/// What a sink has done since the server started, in spans.
package struct TraceCounts: Sendable, Hashable {
    package var exported = 0
    /// More were finished than could be sent.
    package var droppedWaiting = 0
    /// Whoever takes them refused them.
    package var droppedRefused = 0
    /// Nobody took them, however often it was tried.
    package var droppedUnreachable = 0

    package init() {}
}

/// Which requests are traced, and where to.
package struct TracingSettings: Sendable {
    package let sink: any TraceSink
    /// Of the requests whose callers say nothing, from 0 to 1.
    package let share: Double
    /// Whether a caller that says whether it traces decides for us as well.
    package let followsCallers: Bool

    package init(sink: any TraceSink, share: Double, followsCallers: Bool = true) {
        self.sink = sink
        self.share = share
        self.followsCallers = followsCallers
    }
}

/// Begins traces for one event loop.
package struct RequestTracer {
    private let settings: TracingSettings
    private let limit: UInt64
    private var random: SplitMix

    package init(_ settings: TracingSettings, seed: UInt64 = .random(in: 0...UInt64.max)) {
        self.settings = settings
        limit = settings.share >= 1 ? .max : UInt64(max(0, settings.share) * 0x1p64)
        random = SplitMix(state: seed)
    }

    /// - Parameters:
    ///   - name: What is done.
    ///   - traceparent: What the caller says of its own trace, as it came.
    /// - Returns: `nil` for a request that is not traced.
    package mutating func begin(
        _ name: @autoclosure () -> String, traceparent: String?, tracestate: String?, at moment: Moment
    ) -> RequestTrace? {
        let context = traceparent.flatMap { TraceContext(traceparent: $0, tracestate: tracestate) }
        if let context, settings.followsCallers {
            guard context.isSampled else { return nil }
        } else {
            // By the trace, so that programs with the same share choose the same ones.
            guard limit > 0, (context?.trace.low ?? random.next()) <= limit else { return nil }
        }
        // An id of nothing but zeroes is none.
        return RequestTrace(
            name(), trace: context?.trace ?? TraceID(high: random.next() | 1, low: random.next()),
            span: SpanID(random.next() | 1), in: context, begun: moment, to: settings.sink)
    }
}

/// Sebastiano Vigna's splitmix64: quick, and good enough to tell things apart.
package struct SplitMix: Sendable {
    var state: UInt64

    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
