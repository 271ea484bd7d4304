// SPDX-License-Identifier: Apache-2.0
internal import WireTypes

/// Endpoints line by line, as wide as there is room.
struct TrafficTable {
    let header: String
    let lines: [String]

    /// - Parameter width: `nil` for as much as it takes.
    init(_ rows: [TrafficRow], width: Int? = nil) {
        var columns = Self.columns.filter { column in column.isNeeded(rows) }
        var lines = Self.lines(columns, rows)
        while let width, lines.contains(where: { $0.count > width }),
            let least = columns.indices.filter({ columns[$0].weight != nil })
                .min(by: { (columns[$0].weight ?? 0) < (columns[$1].weight ?? 0) })
        {
            columns.remove(at: least)
            lines = Self.lines(columns, rows)
        }
        if let width { lines = lines.map { $0.cut(to: width) } }
        header = lines[0]
        self.lines = Array(lines.dropFirst())
    }

    private struct Column {
        let title: String
        var isNumber = true
        /// The lightest goes first where there is no room; `nil` for one that stays.
        var weight: Int?
        var isNeeded: ([TrafficRow]) -> Bool = { _ in true }
        let cell: (TrafficRow) -> String
    }

    private static var columns: [Column] {
        [
            Column(title: "ENDPOINT", isNumber: false) { $0.endpoint },
            Column(title: "ANSWERS", isNumber: false, weight: 4) { $0.answers },
            Column(title: "STATE", isNumber: false, weight: 9) { $0.state.rawValue },
            Column(title: "REQ/S", weight: 10) { perSecondText($0.requestsPerSecond) },
            Column(title: "P50", weight: 2) { timeText($0.p50Microseconds) },
            Column(title: "P99", weight: 8) { timeText($0.p99Microseconds) },
            Column(title: "ERRORS/S", weight: 7) { perSecondText($0.errorsPerSecond) },
            Column(title: "REFUSED/S", weight: 5) { perSecondText($0.refusalsPerSecond) },
            Column(title: "WAITING", weight: 1) { String($0.waiting) },
            Column(title: "LOG DROPS", weight: 3, isNeeded: { $0.contains { $0.logDrops != nil } }) {
                $0.logDrops.map(String.init) ?? "–"
            },
            Column(title: "DRIFT", isNumber: false, weight: 6, isNeeded: { $0.contains { $0.drift != nil } }) {
                findingText($0.drift)
            },
            Column(title: "QUALITY", isNumber: false, weight: 6, isNeeded: { $0.contains { $0.quality != nil } }) {
                findingText($0.quality)
            },
        ]
    }

    private static func lines(_ columns: [Column], _ rows: [TrafficRow]) -> [String] {
        Table(
            header: columns.map(\.title), rows: rows.map { row in columns.map { $0.cell(row) } },
            numbers: Set(columns.indices.filter { columns[$0].isNumber })
        ).text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}

extension String {
    /// With an ellipsis where something is missing.
    func cut(to width: Int) -> String { count <= width ? self : width < 1 ? "" : "\(prefix(width - 1))…" }
}

private func findingText(_ finding: FindingV1?) -> String {
    guard let finding else { return "–" }
    return finding.text.map { "\(finding.state), \($0)" } ?? finding.state
}

private func timeText(_ microseconds: Double?) -> String {
    microseconds.map { durationText(microseconds: $0) } ?? "–"
}

/// `0`, `0.03`, `7.5`, `120`, `13.4k`.
func perSecondText(_ perSecond: Double) -> String {
    let decimals = { (number: Double, count: Int) in
        let unit = count == 2 ? 100.0 : 10.0
        let text = "\((number * unit).rounded() / unit)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
    return switch perSecond {
    case ..<0.1: decimals(perSecond, 2)
    case ..<9.95: decimals(perSecond, 1)
    case ..<9999.5: String(Int(perSecond.rounded()))
    default: "\(decimals(perSecond / 1000, 1))k"
    }
}

/// `12 s`, `5 min`, `2 h 3 min`, `4 d 1 h`.
func uptimeText(seconds: Double) -> String {
    let seconds = Int(max(0, seconds))
    return switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min"
    case ..<86_400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }
}
