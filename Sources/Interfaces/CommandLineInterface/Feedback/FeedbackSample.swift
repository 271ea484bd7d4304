// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct FeedbackSample: AsyncParsableCommand {
    enum Choice: String, ExpressibleByArgument, CaseIterable {
        case random, uncertain, drift
    }

    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Write rows without a label into a file that comes back with them: slipway feedback import.",
        discussion: "Example: slipway feedback sample churn --by uncertain --count 200 --out ask.csv")

    @Argument(help: "The endpoint.")
    var endpoint: EndpointName

    @Option(help: "random, or uncertain for those that the model was least sure of.")
    var by = Choice.random

    @Option(help: "How many rows, 1 to 10000.")
    var count = 100

    @Option(help: ArgumentHelp("Of predictions from then on; of the last 30 days without it.", valueName: "time"))
    var since: Timestamp?

    @Option(help: ArgumentHelp("The CSV file to write, which is not there yet.", valueName: "file"))
    var out: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...10_000).contains(count) else { throw ValidationError("--count takes 1 to 10000.") }
    }

    mutating func run() async throws {
        let rows = try await server.client().labelSample(
            of: endpoint, by: by.rawValue, count: count, since: since)
        let text = sampleTable(rows)
        try await Tools.required().receive(out) { write in try write(Array(text.utf8)) }
        if output.format == .json {
            return try Console.current.line(
                JSONValue.object([("rows", .integer(Int64(rows.count))), ("file", .string(out))]).text)
        }
        try Console.current.line(
            rows.isEmpty
                ? "No row without a label: \(out) has a header only."
                : "\(rows.count) rows are in \(out). Fill in the column “label”, and send it back:\n"
                    + "slipway feedback import \(shellWord(out)) --endpoint \(endpoint)")
    }
}

/// CSV (RFC 4180) with an empty column for the label.
func sampleTable(_ rows: [JSONValue]) -> String {
    var inputs: [String] = []
    var outputs: [String] = []
    for row in rows {
        for member in row["inputs"]?.members ?? [] where !inputs.contains(member.name) { inputs.append(member.name) }
        for member in row["outputs"]?.members ?? [] where !outputs.contains(member.name) { outputs.append(member.name) }
    }
    let facts = ["prediction", "row", "label", "time", "version", "key"]
    let header = facts + inputs.map { "in_" + $0 } + outputs.map { "out_" + $0 }
    let lines = rows.map { row in
        facts.map { row[$0] } + inputs.map { row["inputs"]?[$0] } + outputs.map { row["outputs"]?[$0] }
    }
    return ([header.map(csvCell)] + lines.map { $0.map { csvCell(cellText($0)) } })
        .map { $0.joined(separator: ",") + "\n" }.joined()
}

private func cellText(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null?: ""
    case .string(let text)?: text
    case let other?: other.text
    }
}

private func csvCell(_ cell: String) -> String {
    cell.contains { "\",\n\r".contains($0) } ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
}
