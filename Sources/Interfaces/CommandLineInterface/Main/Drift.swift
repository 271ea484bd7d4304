// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct Drift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show whether what comes to an endpoint is still what its model was made for.",
        discussion: """
            Beside each column stand its shares in the baseline and in the newest window. What the numbers mean: \
            docs/monitoring.md.

            Example: slipway drift churn
            """)

    @Argument(help: "The endpoint.")
    var name: EndpointName

    @Option(help: "Draw this column, whether or not it drifts.")
    var column: String?

    @Flag(help: "All columns, however many there are.")
    var all = false

    @Option(help: "How many windows of the past, 1 to 400.")
    var windows = 24

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...400).contains(windows) else { throw ValidationError("--windows takes 1 to 400.") }
    }

    mutating func run() async throws {
        let drift = try await server.client().drift(name, windows: windows)
        if let column, let columns = drift.newest?.columns,
            !columns.contains(where: { $0.name.utf8.elementsEqual(column.utf8) })
        {
            throw Refusal(
                .unknownName, .notFound, "“\(name)” has no column “\(column.prefix(40))” that is watched.",
                hint: closestName(to: column, among: columns.map(\.name)).map { "Did you mean “\($0)”?" }
                    ?? "`slipway drift \(name) --all` lists them.")
        }
        try output.write(drift, asText: DriftText(drift: drift, column: column, all: all).text)
    }
}

/// What a terminal shows of it.
struct DriftText {
    /// Columns that are listed without being asked for, and those that are drawn.
    private static let mostListed = 20
    private static let mostDrawn = 3

    let drift: DriftV1
    let column: String?
    let all: Bool

    var text: String {
        var parts = [Table(rows: facts).text]
        if let columns = drift.newest?.columns {
            let sorted = columns.sorted { $0.urgency > $1.urgency }
            let listed = all ? sorted : Array(sorted.prefix(Self.mostListed))
            parts.append(table(listed).text)
            if listed.count < sorted.count {
                parts.append("\(sorted.count - listed.count) more, all of them quieter: --all")
            }
            let drawn =
                column.map { name in sorted.filter { $0.name.utf8.elementsEqual(name.utf8) } }
                ?? Array(sorted.filter { $0.drift != "ok" || $0.quality != "ok" }.prefix(Self.mostDrawn))
            parts += drawn.map(histogram)
        }
        return parts.joined(separator: "\n\n")
    }

    private var facts: [[String]] {
        var facts = [
            ["version", drift.version],
            ["state", [drift.level, drift.message].compactMap { $0 }.joined(separator: ": ")],
        ]
        if let newest = drift.newest {
            facts.append(["newest window", "\(newest.rows) rows, \(newest.start) to \(newest.end)"])
            if newest.global {
                facts.append(["", "many columns at once: look at the pipeline, a unit or a time zone first"])
            }
            let slow = newest.slow.filter { !newest.drifting.contains($0) }
            if !slow.isEmpty { facts.append(["slow drift", slow.joined(separator: ", ")]) }
        }
        if drift.history.count > 1 {
            facts.append([
                "before it",
                drift.history.reversed().map(mark).joined() + "  (· ok, ! warning, X critical, oldest first)",
            ])
        }
        facts.append(["windows of", "\(drift.window), at most \(drift.falseAlarms) false alarms"])
        if let open = drift.open, open.rows > 0 || drift.newest == nil {
            let end = open.of.map { " of \($0)" } ?? open.endsAt.map { ", judged at \($0)" } ?? ""
            facts.append(["since then", "\(open.rows) rows\(end)"])
        }
        if let baseline = drift.baseline {
            let training = baseline.inputs == "training" ? "\(baseline.rows) rows of training data. " : ""
            facts.append(["held against", training + (baseline.note ?? "")])
        }
        return facts
    }

    private func mark(_ window: DriftWindowV1) -> String {
        switch window.level {
        case "ok": "·"
        case "warning": "!"
        default: "X"
        }
    }

    private func table(_ columns: [DriftColumnV1]) -> Table {
        Table(
            header: ["COLUMN", "PART", "DRIFT", "PSI", "ADJUSTED", "P", "QUALITY", "BASELINE", "WINDOW"],
            rows: columns.map { column in
                [
                    column.name, column.part, column.drift, number(column.stability), number(column.adjustedStability),
                    number(column.adjustedPValue ?? column.pValue), column.faults.first.map(fault) ?? column.quality,
                    bars(column.bins.map(\.baseline)), bars(column.bins.map(\.window)),
                ]
            }, numbers: [3, 4, 5])
    }

    /// A line for each bin: the baseline, and the window below it.
    private func histogram(_ column: DriftColumnV1) -> String {
        let largest = max(column.bins.flatMap { [$0.baseline, $0.window] }.max() ?? 0, 1e-9)
        let rows = column.bins.map { bin in
            [
                "  " + bin.label, share(bin.baseline), bar(bin.baseline / largest), share(bin.window),
                bar(bin.window / largest),
            ]
        }
        let faults = column.faults.map { "\n  " + fault($0) + ", \(share($0.baselineRate)) in the baseline" }
        return column.name.printable + faults.joined() + "\n"
            + Table(header: ["  BIN", "BASELINE", "", "WINDOW", ""], rows: rows, numbers: [1, 3]).text
    }

    private func fault(_ fault: DriftColumnV1.Fault) -> String {
        fault.kind.replacing("_", with: " ") + " " + share(fault.rate)
    }
}

extension DriftColumnV1 {
    /// What is to be looked at first is the largest.
    fileprivate var urgency: Double {
        let rank = ["ok": 0.0, "warning": 1000, "critical": 2000]
        return (rank[drift] ?? 0) + (rank[quality] ?? 0) + min(900, adjustedStability ?? 0)
    }
}

private func number(_ value: Double?) -> String {
    guard let value else { return "–" }
    guard value != 0, abs(value) < 0.001 else { return "\((value * 1000).rounded() / 1000)" }
    var (mantissa, exponent) = (abs(value), 0)
    while mantissa < 1, exponent > -400 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    return "\(value < 0 ? "-" : "")\(Int(mantissa.rounded()))e\(exponent)"
}

private func share(_ value: Double) -> String { "\((value * 1000).rounded() / 10) %" }

private let levels = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/// One character for each bin, as high as its share of the largest.
private func bars(_ shares: [Double]) -> String {
    let largest = max(shares.max() ?? 0, 1e-9)
    return shares.map { share in
        share == 0 ? " " : levels[min(levels.count - 1, Int(share / largest * Double(levels.count)))]
    }.joined()
}

private func bar(_ share: Double) -> String { String(repeating: "█", count: Int((share * 24).rounded())) }
