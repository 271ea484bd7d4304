// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask an endpoint what each column of a row contributed to its answer.",
        discussion: """
            Prints the columns that moved the answer most first: what would be answered if nothing were known of the row, \
            what each column adds, and the answer. Exact for trees, linear models and models of few columns; for others \
            sampled within a budget, with a standard error.

            Example: slipway explain breast-cancer --rows examples/breast-cancer/row.json
            """)

    @Argument(help: ArgumentHelp("The endpoint.", valueName: "endpoint"))
    var endpoint: EndpointName

    @OptionGroup var asked: RowOptions

    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("Which output, NAME or NAME[i]; without it the first number.", valueName: "output"))
    var target: String?

    @Option(help: ArgumentHelp("auto, trees, additive or sampled.", valueName: "method"))
    var method: String?

    @Option(help: ArgumentHelp("How long sampling may take for each row, as 100ms.", valueName: "time"))
    var budget: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let input = try asked.read()
        let options = [("output", target), ("method", method), ("budget", budget)].compactMap { name, value in
            value.map { (name: name, value: $0) }
        }
        let client = try await server.client()
        let body =
            switch input {
            case .json(let bytes): try await client.explain(endpoint, rows: bytes, isCSV: false, options: options)
            case .csv(let bytes): try await client.explain(endpoint, rows: bytes, isCSV: true, options: options)
            }
        guard output.format == .text else { return try Console.current.line(body) }
        let reply = try JSONValue.parse(body)
        let parts = (reply["explanations"]?.elements ?? []).map(explanationText)
        try Console.current.line(parts.joined(separator: "\n\n"))
    }
}

/// One row's explanation, the largest contributions first.
private func explanationText(_ explanation: JSONValue) -> String {
    let number = { (value: JSONValue?) in value?.double.map { shortNumber($0) } ?? "–" }
    let output = explanation["output"]?.string ?? ""
    let scale = explanation["scale"]?.string ?? ""
    let what = scale == "output" ? output : "\(output), as \(scale)"
    var rows = [[what.printable, number(explanation["value"]), explanation["method"]?.string ?? ""]]
    let errors = explanation["standard_errors"]
    let contributions = (explanation["contributions"]?.members ?? [])
        .sorted { abs($0.value.double ?? 0) > abs($1.value.double ?? 0) }
    for (column, value) in contributions.prefix(20) {
        rows.append([
            "  " + column.printable, (value.double ?? 0 < 0 ? "" : "+") + number(value),
            errors.flatMap { $0[column]?.double }.map { "± \(shortNumber($0))" } ?? "",
        ])
    }
    if contributions.count > 20 {
        let rest = contributions.dropFirst(20).reduce(0) { $0 + ($1.value.double ?? 0) }
        rows.append(["  \(contributions.count - 20) others", (rest < 0 ? "" : "+") + shortNumber(rest), ""])
    }
    rows.append(["  without knowing anything", number(explanation["base"]), ""])
    return Table(rows: rows).text
}

/// Four digits that count.
private func shortNumber(_ number: Double) -> String {
    guard number != 0, number.isFinite else { return "\(number)" }
    var digits = 3
    var size = abs(number)
    while size >= 10, digits > 0 {
        size /= 10
        digits -= 1
    }
    while size < 1, digits < 12 {
        size *= 10
        digits += 1
    }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (number * scale).rounded() / scale
    return digits == 0 ? String(Int(rounded)) : "\(rounded)"
}
