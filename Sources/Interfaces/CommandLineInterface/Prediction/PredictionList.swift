// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct PredictionList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List predictions and refused requests, newest first.",
        discussion: "Example: slipway prediction list --endpoint churn --status failed")

    @OptionGroup var asked: PredictionSearchOptions

    @Option(help: "The most to print.")
    var limit = 20

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes 1 to 1000.") }
    }

    mutating func run() async throws {
        let page = try await server.client().predictions(asked.search, limit: limit)
        if output.format == .json {
            return try Console.current.line(
                JSONValue.record([
                    ("predictions", .array(page.predictions)), ("next", page.next.map(JSONValue.string)),
                ]).text)
        }
        guard !page.predictions.isEmpty else {
            return try Console.current.line("No predictions: send one with `slipway predict`.")
        }
        let table = Table(
            header: ["TIME", "ID", "ENDPOINT", "VERSION", "STATUS", "ROWS", "TOOK", "KEY"],
            rows: page.predictions.map { one in
                [
                    one["time"]?.string ?? "", one["id"]?.string ?? "", one["endpoint"]?.string ?? "",
                    one["version"]?.integer.map(String.init) ?? "-", statusText(of: one),
                    one["rows"]?.integer.map(String.init) ?? "", timeText(one, "total"), one["key"]?.string ?? "-",
                ]
            }, numbers: [3, 5])
        let more = page.next == nil ? "" : "\n… and more: raise --limit, or narrow with --from, --to and the others."
        try Console.current.line(table.text + more)
    }
}

/// `answered`, or `invalid, IN-003`.
func statusText(of prediction: JSONValue) -> String {
    let status = prediction["status"]?.string ?? ""
    return prediction["code"]?.string.map { "\(status), \($0)" } ?? status
}

/// A part of how long it took.
func timeText(_ prediction: JSONValue, _ part: String) -> String {
    prediction["microseconds"]?[part]?.double.map { durationText(microseconds: $0) } ?? "-"
}
