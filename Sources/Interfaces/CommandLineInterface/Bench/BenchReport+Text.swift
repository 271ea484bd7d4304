// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import LoadGenerator

extension BenchReport {
    /// For people: one table of times, one of counts, a column for each endpoint.
    var text: String {
        let head =
            "\(number(askedPerSecond)) requests a second for \(number(seconds)) s each, \(connections) connections, "
            + "body: \(body.rawValue), warm-up \(number(warmUpSeconds)) s"
        var times: [[String]] = []
        for endpoint in endpoints {
            times.append([endpoint.endpoint, "latency"] + cells(endpoint.latency))
            times.append(["", "service time"] + cells(endpoint.serviceTime))
        }
        let table = Table(
            header: ["ENDPOINT", "", "P50", "P90", "P99", "P99.9", "MAX"], rows: times, numbers: [2, 3, 4, 5, 6])
        let facts = Table(rows: rows)
        let footnote =
            "latency counts from the moment a request was to be sent, service time from the moment it was sent; both "
            + "of answers with status 200"
        return [head, table.text, facts.text, footnote].joined(separator: "\n\n")
    }

    private var rows: [[String]] {
        func row(_ name: String, _ value: (Endpoint) -> String) -> [String] { [name] + endpoints.map(value) }
        return [
            row("") { $0.endpoint },
            row("rows") { "\($0.rowCount) \($0.rows == .file ? "of the file" : $0.rows.rawValue)" },
            row("scheduled, sent") { "\($0.scheduled), \($0.sent)" },
            row("achieved") { "\(number($0.achievedPerSecond))/s" },
            row("answers by status") { counts($0.statuses) },
            row("without an answer") { counts($0.failures) },
            row("answers checked") { endpoint in
                let word = endpoint.rows == .recorded ? "agree with the recorded ones" : "have the right form"
                return "\(endpoint.answersAgreed) of \(endpoint.answersChecked) \(word)"
            },
            row("server CPU a request") { $0.processorPerRequest.map { durationText(microseconds: $0) } ?? "—" },
            row("cost of a million") { $0.costPerMillion.map { String(format: "%.4g", $0) } ?? "—" },
        ]
    }

    private func cells(_ summary: LatencySummary) -> [String] {
        [summary.p50, summary.p90, summary.p99, summary.p999, summary.max].map { durationText(microseconds: $0) }
    }

    private func counts(_ counts: [String: Int]) -> String {
        counts.isEmpty
            ? "none" : counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }

    private func number(_ value: Double) -> String { String(format: "%.5g", value) }
}
