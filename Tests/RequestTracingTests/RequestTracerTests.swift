// SPDX-License-Identifier: Apache-2.0
import ModelExecution
import Synchronization
import Testing

@testable import RequestTracing

/// Which requests are traced, and what is told of them.
struct RequestTracerTests {
    private final class Kept: TraceSink {
        private let traces = Mutex<[FinishedTrace]>([])
        var all: [FinishedTrace] { traces.withLock(\.self) }
        func take(_ trace: FinishedTrace) { traces.withLock { $0.append(trace) } }
        var counts: TraceCounts { TraceCounts() }
    }

    private let kept = Kept()
    private let sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private let notSampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

    private func tracer(_ share: Double, follows: Bool = true, seed: UInt64 = 1) -> RequestTracer {
        RequestTracer(TracingSettings(sink: kept, share: share, followsCallers: follows), seed: seed)
    }

    private func begin(_ tracer: inout RequestTracer, _ traceparent: String?) -> RequestTrace? {
        tracer.begin("predict", traceparent: traceparent, tracestate: "a=1", at: .now)
    }

    @Test func aCallersDecisionHolds() throws {
        var (never, always) = (tracer(0), tracer(1))
        let trace = try #require(begin(&never, sampled))
        #expect(trace.trace.description == "4bf92f3577b34da6a3ce929d0e0e4736" && trace.state == "a=1")
        #expect(trace.parent?.description == "00f067aa0ba902b7" && trace.span != trace.parent)
        #expect(begin(&always, notSampled) == nil)
        #expect(begin(&never, nil) == nil && begin(&never, "nonsense") == nil)
    }

    @Test func itMayBeLeftToTheShare() throws {
        var (never, always) = (tracer(0, follows: false), tracer(1, follows: false))
        #expect(begin(&never, sampled) == nil)
        // It is a part of the caller's trace all the same.
        #expect(begin(&always, notSampled)?.parent?.description == "00f067aa0ba902b7")
    }

    @Test func aShareOfTheRestIsTraced() {
        var tracer = tracer(0.1, seed: 7)
        let count = (0..<100_000).count { _ in begin(&tracer, nil) != nil }
        // Five standard deviations.
        #expect(abs(count - 10_000) < 475)
        #expect(kept.all.count == count)
        #expect(Set(kept.all.map(\.trace)).count == count && Set(kept.all.map(\.span)).count == count)
        #expect(kept.all.allSatisfy { $0.parent == nil && $0.state == nil })
    }

    @Test func aTraceIsToldOnceAndAsAWhole() throws {
        var tracer = tracer(1)
        let start = Moment.now
        var trace: RequestTrace? = try #require(begin(&tracer, nil))
        trace?.note(.decode, from: start, to: start.after(5))
        trace?.clock.note(StepTime(name: "scale", rows: 2, nanoseconds: 3), ended: start.after(9))
        trace?.note("slipway.rows", .number(2))
        trace?.end(problem: "ENG-005")
        trace?.end()
        trace = nil
        let told = try #require(kept.all.first)
        #expect(kept.all.count == 1)
        #expect(told.phases.map(\.name) == [.decode] && told.steps.map(\.time.name) == ["scale"])
        #expect(told.facts.map(\.name) == ["slipway.rows"] && told.problem == "ENG-005")
        #expect(told.ended >= told.begun)
    }

    @Test func whoGoesAwayIsToldOf() {
        var tracer = tracer(1)
        _ = begin(&tracer, nil)
        #expect(kept.all.map(\.problem) == ["abandoned"])
    }
}
