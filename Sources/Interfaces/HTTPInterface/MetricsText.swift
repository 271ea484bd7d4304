// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// Metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0.
struct MetricsText {
    enum Format: Sendable {
        case prometheus, openMetrics

        var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    enum Kind: String { case counter, gauge, histogram, info }

    let format: Format
    let writer = ByteWriter(capacity: 1 << 16)
    /// Takes the values in the place of the text.
    let collector: MetricCollector?

    init(_ format: Format = .prometheus, to collector: MetricCollector? = nil) {
        self.format = format
        self.collector = collector
    }

    /// Begins a metric. Its samples follow, and those of no other.
    ///
    /// - Parameter name: As its samples have it, but for what a histogram's end in: `slipway_requests_total`. OpenMetrics
    ///   calls that the metric `slipway_requests`, and a counter that does not end so, as Triton's do not, `unknown`.
    func family(_ name: String, _ kind: Kind, _ help: String) {
        if let collector { return collector.begin(name, kind, help) }
        var (family, type) = (name[...], kind.rawValue)
        switch (format, kind) {
        case (.prometheus, .info): type = Kind.gauge.rawValue
        case (.prometheus, _): break
        case (.openMetrics, .info): family = name.dropLast("_info".count)
        case (.openMetrics, .counter) where name.hasSuffix("_total"): family = name.dropLast("_total".count)
        case (.openMetrics, .counter): type = "unknown"
        case (.openMetrics, _): break
        }
        comment("HELP", family, help)
        comment("TYPE", family, type)
        guard format == .openMetrics, let unit = ["seconds", "bytes"].first(where: { family.hasSuffix("_\($0)") })
        else { return }
        comment("UNIT", family, unit)
    }

    private func comment(_ word: StaticString, _ family: Substring, _ text: String) {
        writer.append("# ")
        writer.append(word)
        writer.append(" ")
        writer.append(utf8: String(family))
        writer.append(" ")
        writer.append(utf8: text)
        writer.append("\n")
    }

    func sample(_ name: String, _ labels: MetricLabels, _ value: Int) {
        if let collector { return collector.add(labels, .number(value)) }
        begin(name, labels)
        writer.append(number: value)
        writer.append("\n")
    }

    /// - Parameter nanoseconds: Written as seconds.
    func sample(_ name: String, _ labels: MetricLabels, nanoseconds: Int) {
        if let collector { return collector.add(labels, .nanoseconds(nanoseconds)) }
        begin(name, labels)
        writer.append(utf8: secondsText(nanoseconds))
        writer.append("\n")
    }

    /// A bucket of a histogram, with one of those that it counts where the format has a place for that.
    func bucket(_ name: String, _ labels: MetricLabels, _ count: Int, _ exemplar: MetricExemplar?) {
        begin("\(name)_bucket", labels)
        writer.append(number: count)
        if let exemplar, format == .openMetrics {
            writer.append(" # {")
            writer.append(exemplar.labels.text)
            writer.append("} ")
            writer.append(utf8: secondsText(exemplar.nanoseconds))
            writer.append(" ")
            writer.append(utf8: secondsText(exemplar.nanosecondsSince1970))
        }
        writer.append("\n")
    }

    /// Says that it is whole.
    func end() { if format == .openMetrics { writer.append("# EOF\n") } }

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

/// One of those that a bucket counts.
struct MetricExemplar {
    /// At most 128 characters, names and values together.
    let labels: MetricLabels
    let nanoseconds: Int
    let nanosecondsSince1970: Int
}

/// `endpoint="churn",stage="queue"`, made once for all samples that have them.
struct MetricLabels {
    let text: [UInt8]
    let pairs: [(name: String, value: String)]

    init(_ labels: KeyValuePairs<StaticString, String> = [:]) {
        text = Self.text(labels)
        pairs = labels.map { ("\($0)", $1) }
    }

    private init(text: [UInt8], pairs: [(name: String, value: String)]) {
        self.text = text
        self.pairs = pairs
    }

    func with(_ name: StaticString, _ value: String) -> MetricLabels {
        let more = Self.text([name: value])
        return MetricLabels(
            text: text.isEmpty ? more : text + [UInt8(ascii: ",")] + more, pairs: pairs + [("\(name)", value)])
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
