// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// A line of the server's log.
package struct OTLPLogLine: Sendable {
    /// In nanoseconds since 1970.
    package let time: Int
    package let severity: Severity
    package let message: String
    package let facts: [(name: String, value: String)]

    /// With the numbers that OpenTelemetry gives them.
    package enum Severity: Int, Sendable {
        case trace = 1
        case debug = 5
        case info = 9
        case notice = 10
        case warning = 13
        case error = 17
        case critical = 21
    }

    package init(time: Int, severity: Severity, message: String, facts: [(name: String, value: String)]) {
        self.time = time
        self.severity = severity
        self.message = message
        self.facts = facts
    }

    /// The trace that it is about, by its fact `trace.id`.
    var trace: [UInt64]? {
        guard let text = facts.first(where: { $0.name == "trace.id" })?.value, text.utf8.count == 32,
            let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        return [high, low]
    }
}

/// Log lines as OpenTelemetry's protocol has them: `ExportLogsServiceRequest`, in Protocol Buffers.
struct OTLPLogs {
    let frame: OTLPRequest

    func request(_ lines: [OTLPLogLine]) -> [UInt8] { frame.bytes(lines, write) }

    private func write(_ line: OTLPLogLine, _ writer: ByteWriter) {
        writer.append(1, fixed: UInt64(max(0, line.time)))
        writer.append(2, line.severity.rawValue)
        writer.append(3, "\(line.severity)".uppercased())
        writer.append(message: 5) { $0.append(element: 1, line.message) }
        for (name, value) in line.facts { writer.append(label: name, value, in: 6) }
        if let trace = line.trace { writer.append(9, bigEndian: trace) }
        writer.append(11, fixed: UInt64(max(0, line.time)))
    }
}
