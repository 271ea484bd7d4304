// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct Quality: AsyncParsableCommand {
    enum Period: String, ExpressibleByArgument, CaseIterable {
        case hour, day, all
    }

    static let configuration = CommandConfiguration(
        abstract: "Say how good an endpoint's answers were, once the truth is known, beside what was to be expected.",
        discussion: "Example: slipway quality churn --by day")

    @Argument(help: "The endpoint.")
    var endpoint: EndpointName

    @Option(help: ArgumentHelp("The number of the model's version; all without it.", valueName: "number"))
    var version: Int?

    @Option(help: ArgumentHelp("Of predictions from then on; of the last 30 days without it.", valueName: "time"))
    var since: Timestamp?

    @Option(help: "hour, day, or all of the time together.")
    var by = Period.all

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let report = try await server.client().quality(of: endpoint, version: version, since: since, by: by.rawValue)
        try Console.current.line(output.format == .json ? report.text : qualityText(report, isTable: by != .all))
    }
}

/// - Parameter isTable: A line for each period, with its first figure.
func qualityText(_ report: JSONValue, isTable: Bool) -> String {
    let groups = report["groups"]?.elements ?? []
    let name = report["endpoint"]?.string ?? ""
    guard !groups.isEmpty else {
        return "No predictions of \(name) since \(report["since"]?.string ?? "then"). Send some with `slipway predict`."
    }
    var parts = isTable ? [periods(groups)] : groups.map { block($0, name) }
    let seconds = report["maturitySeconds"]?.double ?? 0
    let learned =
        report["maturityLearned"]?.bool == true ? "as late as 95 % of the labels come" : "until 100 labels say better"
    parts.append("Predictions are judged from an age of \(durationWords(seconds)) on, \(learned).")
    let counted = [
        ("waiting", "wait for their predictions"), ("late", "came too late"), ("expired", "waited too long"),
    ]
    .compactMap { name, words in
        (report[name]?.integer).flatMap { $0 > 0 ? "\($0) labels \(words)" : nil }
    }
    if !counted.isEmpty { parts.append(counted.joined(separator: ", ") + ".") }
    return parts.joined(separator: "\n\n")
}

private func block(_ group: JSONValue, _ name: String) -> String {
    let number = { (key: String) in group[key]?.integer ?? 0 }
    var lines = [
        "\(name) version \(number("version")): \(number("predictions")) rows, \(number("labelled")) with a label"
    ]
    if let coverage = group["coverage"] {
        lines[0] += ", \(percentText(coverage["value"])) of the \(number("mature")) that are old enough"
    }
    if group["early"]?.bool == true { lines.append("None is old enough: early labels are seldom like the others.") }
    let realised = group["metrics"]?.members ?? []
    let estimated = group["estimate"]?["metrics"]
    let names =
        realised.map(\.name)
        + (estimated?.members ?? []).map(\.name).filter { name in
            !realised.contains { $0.name == name }
        }
    guard !names.isEmpty else {
        return (lines + ["No label yet, and nothing to estimate from."]).joined(separator: "\n")
    }
    let rows = names.map { name in
        let figure = group["metrics"]?[name]
        let estimate = estimated?[name]
        return [
            name, figureText(figure?["value"]), intervalText(figure?["interval"]), figureText(estimate?["value"]),
            intervalText(estimate?["interval"]),
        ]
    }
    lines.append(Table(header: ["FIGURE", "IS", "95 %", "ESTIMATED", "BAND"], rows: rows, numbers: [1, 3]).text)
    if let estimate = group["estimate"] {
        let source =
            estimate["probabilities"]?.string == "calibrated"
            ? "probabilities calibrated with \(estimate["calibratedOn"]?.integer ?? 0) labels"
            : "the model's own probabilities"
        let verdict =
            switch estimate["valid"]?.bool {
            case true?: "valid"
            case false?: "not valid"
            case nil: "nobody knows whether valid"
            }
        lines.append("Estimated from \(source): \(verdict), \(estimate["because"]?.string ?? "").".printable)
    }
    return lines.joined(separator: "\n")
}

private func periods(_ groups: [JSONValue]) -> String {
    let rows = groups.map { group in
        let first = group["metrics"]?.members?.first
        let estimated = group["estimate"]?["metrics"]?.members?.first
        return [
            group["from"]?.string ?? "", group["version"]?.text ?? "", group["predictions"]?.text ?? "",
            group["labelled"]?.text ?? "", percentText(group["coverage"]?["value"]),
            first?.name ?? estimated?.name ?? "-",
            figureText(first?.value["value"]) + (group["early"]?.bool == true ? " (early)" : ""),
            intervalText(first?.value["interval"]), figureText(estimated?.value["value"]),
        ]
    }
    return Table(
        header: ["FROM", "VERSION", "ROWS", "LABELLED", "COVERAGE", "FIGURE", "IS", "95 %", "ESTIMATED"], rows: rows,
        numbers: [1, 2, 3]
    ).text
}

private func figureText(_ value: JSONValue?) -> String {
    guard let number = value?.double else { return "-" }
    let size = abs(number)
    let digits = size >= 1000 ? 0 : size >= 10 ? 2 : 4
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (number * scale).rounded() / scale
    return digits == 0 && size < 1e15 ? String(Int(rounded)) : "\(rounded)"
}

private func intervalText(_ value: JSONValue?) -> String {
    guard let ends = value?.elements, ends.count == 2 else { return "-" }
    return "\(figureText(ends[0])) … \(figureText(ends[1]))"
}

private func percentText(_ value: JSONValue?) -> String {
    value?.double.map { "\(($0 * 1000).rounded() / 10) %" } ?? "-"
}

private func durationWords(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: "\(Int(seconds.rounded())) s"
    case ..<7200: "\(Int((seconds / 60).rounded())) min"
    case ..<172_800: "\(Int((seconds / 3600).rounded())) h"
    default: "\((seconds / 8640).rounded() / 10) days"
    }
}
