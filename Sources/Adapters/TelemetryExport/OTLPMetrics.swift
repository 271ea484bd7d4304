// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// A metric with its series, at one moment.
package struct OTLPMetric: Sendable {
    package enum Kind: Sendable {
        /// It only grows, from the start of the process on.
        case counter
        case gauge
        case histogram
    }

    package enum Value: Sendable {
        case whole(Int)
        case fraction(Double)
        /// How many are in each bucket, and what each but the last one takes at most; what all of them add up to.
        case histogram(counts: [Int], bounds: [Double], sum: Double)
    }

    package struct Point: Sendable {
        package let labels: [(name: String, value: String)]
        package let value: Value

        package init(labels: [(name: String, value: String)], value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package let points: [Point]

    package init(name: String, help: String, kind: Kind, points: [Point]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.points = points
    }

    /// As UCUM has it; empty for counts.
    var unit: String {
        let words = name.split(separator: "_")
        return words.contains("seconds") ? "s" : words.contains("bytes") ? "By" : ""
    }
}

/// Metrics as OpenTelemetry's protocol has them: `ExportMetricsServiceRequest`, in Protocol Buffers.
struct OTLPMetrics {
    let frame: OTLPRequest
    /// In nanoseconds since 1970: from when on is counted.
    let start: Int

    /// - Parameter now: In nanoseconds since 1970.
    func request(_ metrics: [OTLPMetric], at now: Int) -> [UInt8] {
        frame.bytes(metrics) { metric, writer in write(metric, at: now, into: writer) }
    }

    private func write(_ metric: OTLPMetric, at now: Int, into writer: ByteWriter) {
        writer.append(1, metric.name)
        writer.append(2, metric.help)
        writer.append(3, metric.unit)
        let field =
            switch metric.kind {
            case .gauge: 5
            case .counter: 7
            case .histogram: 9
            }
        writer.append(message: field) { writer in
            for point in metric.points { writer.append(message: 1) { write(point, metric.kind, at: now, into: $0) } }
            guard metric.kind != .gauge else { return }
            // AGGREGATION_TEMPORALITY_CUMULATIVE
            writer.append(2, 2)
            if metric.kind == .counter { writer.append(3, true) }
        }
    }

    private func write(_ point: OTLPMetric.Point, _ kind: OTLPMetric.Kind, at now: Int, into writer: ByteWriter) {
        if kind != .gauge { writer.append(2, fixed: UInt64(max(0, start))) }
        writer.append(3, fixed: UInt64(max(0, now)))
        switch point.value {
        case .whole(let number): writer.append(6, fixed: UInt64(bitPattern: Int64(number)))
        case .fraction(let number): writer.append(4, fixed: number.bitPattern)
        case .histogram(let counts, let bounds, let sum):
            writer.append(4, fixed: UInt64(counts.reduce(0, +)))
            writer.append(5, fixed: sum.bitPattern)
            writer.append(6, eachFixed: counts.map { UInt64($0) })
            writer.append(7, eachFixed: bounds.map(\.bitPattern))
        }
        for (name, value) in point.labels { writer.append(label: name, value, in: kind == .histogram ? 9 : 7) }
    }
}

extension ByteWriter {
    fileprivate func append(_ field: Int, eachFixed values: [UInt64]) {
        append(field, byteCount: 8 * values.count) {
            for value in values { append(fixed: value) }
        }
    }
}
