// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import RequestTracing
internal import Tensors

/// Traces as OpenTelemetry's protocol has them: `ExportTraceServiceRequest`, in Protocol Buffers.
struct OTLPTraces {
    /// From the machine's clock that only goes forward to its date.
    let offset: Int
    let frame: OTLPRequest
    var random: SplitMix

    /// Spans that a trace is told as.
    static func spanCount(of trace: FinishedTrace) -> Int { 1 + trace.phases.count + trace.steps.count }

    mutating func request(_ traces: [FinishedTrace]) -> [UInt8] {
        var spans: [Span] = []
        for trace in traces { spans += self.spans(of: trace) }
        return frame.bytes(spans, write)
    }

    private struct Span {
        let trace: TraceID
        let id: SpanID
        let parent: SpanID?
        var state: String?
        let name: String
        /// `SPAN_KIND_SERVER`, or `SPAN_KIND_INTERNAL`.
        var isServer = false
        let begun: Moment
        let ended: Moment
        var facts: [(name: String, value: FinishedTrace.Fact)] = []
        var problem: String?
    }

    /// The request, below it its phases, and below the engine's the steps of its graph.
    private mutating func spans(of trace: FinishedTrace) -> [Span] {
        var spans = [
            Span(
                trace: trace.trace, id: trace.span, parent: trace.parent, state: trace.state, name: trace.name,
                isServer: true, begun: trace.begun, ended: trace.ended, facts: trace.facts, problem: trace.problem)
        ]
        var engine = trace.span
        for phase in trace.phases {
            let id = SpanID(random.next() | 1)
            if phase.name == .engine { engine = id }
            spans.append(
                Span(
                    trace: trace.trace, id: id, parent: trace.span, state: trace.state, name: phase.name.rawValue,
                    begun: phase.begun, ended: phase.ended,
                    facts: phase.rows.map { [("slipway.rows", .number($0))] } ?? []))
        }
        for step in trace.steps {
            spans.append(
                Span(
                    trace: trace.trace, id: SpanID(random.next() | 1), parent: engine, state: trace.state,
                    name: step.time.name,
                    begun: Moment(nanoseconds: step.ended.nanoseconds - step.time.nanoseconds), ended: step.ended,
                    facts: [("slipway.rows", .number(step.time.rows))]))
        }
        return spans
    }

    private func write(_ span: Span, _ writer: ByteWriter) {
        writer.append(1, bigEndian: [span.trace.high, span.trace.low])
        writer.append(2, bigEndian: [span.id.value])
        writer.append(3, span.state ?? "")
        if let parent = span.parent { writer.append(4, bigEndian: [parent.value]) }
        writer.append(5, span.name)
        writer.append(6, span.isServer ? 2 : 1)
        writer.append(7, fixed: UInt64(max(0, span.begun.nanoseconds + offset)))
        writer.append(8, fixed: UInt64(max(0, span.ended.nanoseconds + offset)))
        for (name, value) in span.facts { writer.append(attribute: name, value, in: 9) }
        if let problem = span.problem {
            writer.append(attribute: "error.type", .text(problem), in: 9)
            // STATUS_CODE_ERROR
            writer.append(message: 15) { $0.append(3, 2) }
        }
    }
}

extension ByteWriter {
    /// `KeyValue`
    fileprivate func append(attribute name: String, _ value: FinishedTrace.Fact, in field: Int) {
        append(message: field) { writer in
            writer.append(1, name)
            writer.append(message: 2) { writer in
                switch value {
                case .text(let text): writer.append(element: 1, text)
                case .number(let number):
                    // Said even where it is 0: which member is set says what type the value has.
                    writer.append(varint: 3 << 3)
                    writer.append(varint: UInt64(bitPattern: Int64(number)))
                }
            }
        }
    }
}
