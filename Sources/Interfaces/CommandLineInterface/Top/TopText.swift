// SPDX-License-Identifier: Apache-2.0
internal import WireTypes

extension TopFrame {
    typealias Line = (text: String, style: Terminal.Style)

    /// As text of as many lines as it takes.
    var text: String {
        let table = TrafficTable(endpoints)
        let lines = heading().map(\.text) + [""] + (endpoints.isEmpty ? [emptiness] : [table.header] + table.lines)
        return lines.joined(separator: "\n")
    }

    /// What fits into a window. What does not is counted.
    ///
    /// - Parameter problem: Why there is nothing newer.
    func lines(fitting window: (lines: Int, columns: Int), problem: String? = nil) -> [Line] {
        var lines = heading(problem) + [Line("", .plain)]
        if endpoints.isEmpty {
            lines.append(Line(emptiness, .plain))
        } else {
            // Below the header, and above the last line.
            let room = max(0, window.lines - lines.count - 2)
            let shown = Array(endpoints.prefix(endpoints.count <= room ? room : max(0, room - 1)))
            let table = TrafficTable(shown, width: window.columns)
            lines.append(Line(table.header, .strong))
            lines += zip(table.lines, shown).map { ($0, $1.style) }
            if shown.count < endpoints.count {
                lines.append(Line("… and \(endpoints.count - shown.count) more", .plain))
            }
        }
        lines.append(Line("q ends", .plain))
        return lines.prefix(window.lines).map { ($0.text.cut(to: window.columns), $0.style) }
    }

    private var emptiness: String { "No endpoints yet: deploy a model with `slipway deploy FILE`." }

    private func heading(_ problem: String? = nil) -> [Line] {
        let memory = residentBytes.map { ", \(byteText($0))" } ?? ""
        var lines = [
            Line(
                "slipway \(version) at \(server), up \(uptimeText(seconds: uptimeSeconds))\(memory)".printable, .strong),
            Line(
                "\(perSecondText(requestsPerSecond)) requests/s, \(perSecondText(errorsPerSecond)) errors/s, "
                    + "\(perSecondText(refusalsPerSecond)) refused/s, over \(secondsText)", .plain),
        ]
        if let alerts {
            let isCritical = alerts.contains { $0.severity == "critical" }
            lines.append(Line("alerts: " + alertsText(alerts), alerts.isEmpty ? .plain : isCritical ? .red : .yellow))
        }
        if let problem { lines.append(Line(problem.printable, .red)) }
        return lines
    }

    private var secondsText: String {
        seconds < 9.95 ? "\((seconds * 10).rounded() / 10) s" : "\(Int(seconds.rounded())) s"
    }
}

extension TrafficRow {
    fileprivate var style: Terminal.Style {
        if state == .failing || drift?.state == "alarm" || quality?.state == "alarm" { return .red }
        let isOff = state == .behind || state == .problem || errorsPerSecond > 0
        return isOff || drift?.state == "warning" || quality?.state == "warning" ? .yellow : .plain
    }
}
