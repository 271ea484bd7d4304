// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// Prometheus' text format, version 0.0.4.
///
/// Not OpenMetrics, which forbids counters whose names do not end in `_total`: Triton's do not.
struct MetricsText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String { case counter, gauge, histogram }

    let writer = ByteWriter(capacity: 1 << 16)

    /// Begins a metric. Its samples follow, and those of no other.
    func family(_ name: String, _ kind: Kind, _ help: String) {
        writer.append("# HELP ")
        writer.append(utf8: name)
        writer.append(" ")
        writer.append(utf8: help)
        writer.append("\n# TYPE ")
        writer.append(utf8: name)
        writer.append(" ")
        writer.append(utf8: kind.rawValue)
        writer.append("\n")
    }

    func sample(_ name: String, _ labels: MetricLabels, _ value: Int) {
        begin(name, labels)
        writer.append(number: value)
        writer.append("\n")
    }

    /// - Parameter nanoseconds: Written as seconds.
    func sample(_ name: String, _ labels: MetricLabels, nanoseconds: Int) {
        begin(name, labels)
        writer.append(utf8: secondsText(nanoseconds))
        writer.append("\n")
    }

    private func begin(_ name: String, _ labels: MetricLabels) {
        writer.append(utf8: name)
        if !labels.text.isEmpty {
            writer.append("{")
            writer.append(labels.text)
            writer.append("}")
        }
        writer.append(" ")
    }

    var bytes: [UInt8] { writer.bytes }
}

/// `endpoint="churn",stage="queue"`, made once for all samples that have them.
struct MetricLabels {
    let text: [UInt8]

    init(_ labels: KeyValuePairs<StaticString, String> = [:]) { text = Self.text(labels) }

    private init(text: [UInt8]) { self.text = text }

    func with(_ name: StaticString, _ value: String) -> MetricLabels {
        let more = Self.text([name: value])
        return MetricLabels(text: text.isEmpty ? more : text + [UInt8(ascii: ",")] + more)
    }

    private static func text(_ labels: KeyValuePairs<StaticString, String>) -> [UInt8] {
        labels.map { name, value in
            let escaped = value.flatMap { character -> String in
                switch character {
                case "\\": "\\\\"
                case "\"": "\\\""
                case "\n": "\\n"
                default: String(character)
                }
            }
            return "\(name)=\"\(String(escaped))\""
        }.joined(separator: ",").utf8.map(\.self)
    }
}

/// Exactly: `0.000008192`.
func secondsText(_ nanoseconds: Int) -> String {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    guard rest != 0 else { return String(whole) }
    let digits = String(rest)
    var fraction = Substring(String(repeating: "0", count: 9 - digits.utf8.count) + digits)
    while fraction.last == "0" { fraction.removeLast() }
    return "\(whole).\(fraction)"
}
