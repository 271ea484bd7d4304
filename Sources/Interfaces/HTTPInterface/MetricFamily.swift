// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing

/// A metric with its series, as `/metrics` has them, for those who read no text.
package struct MetricFamily: Sendable {
    package enum Kind: Sendable { case counter, gauge, histogram }

    package enum Value: Sendable {
        case number(Int)
        /// A length of time.
        case nanoseconds(Int)
        /// How many took at most so long, in nanoseconds, the last one without a bound; what they took together.
        case histogram([(bound: Int?, count: Int)], nanoseconds: Int)
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package fileprivate(set) var series: [(labels: [(name: String, value: String)], value: Value)] = []
}

/// What is written into a ``MetricsText``, as values.
final class MetricCollector {
    private(set) var families: [MetricFamily] = []

    func begin(_ name: String, _ kind: MetricsText.Kind, _ help: String) {
        let kind: MetricFamily.Kind =
            switch kind {
            case .counter: .counter
            case .gauge, .info: .gauge
            case .histogram: .histogram
            }
        families.append(MetricFamily(name: name, help: help, kind: kind))
    }

    func add(_ labels: MetricLabels, _ value: MetricFamily.Value) {
        families[families.count - 1].series.append((labels.pairs, value))
    }
}
