// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import Foundation
internal import ModelDomain
internal import Tensors

struct ReplayPredictions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Compute predictions again and compare, with the bundles that answered, or with another version.",
        discussion: """
            With the bundles that answered it ends with 4 when an answer is not what it was.

            Example: slipway replay --endpoint churn --since 24h --with churn@7
            """)

    @Argument(help: "The prediction's id; without it those that are chosen below.")
    var id: PredictionID?

    @Option(help: ArgumentHelp("Those of the last 30m, 12h, 7d, …", valueName: "time"))
    var since: String?

    @OptionGroup var asked: PredictionSearchOptions

    @Option(help: ArgumentHelp("What would MODEL@VERSION have said?", valueName: "version"))
    var with: String?

    @Option(help: "The most.")
    var limit = 1000

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        guard since == nil || asked.from == nil else { throw ValidationError("Give either --since or --from.") }
        if let since, Lifetime(since) == nil { throw ValidationError("--since takes \(Lifetime.form).") }
        let isChosen = since != nil || asked.isGiven
        guard (id == nil) == isChosen else {
            throw ValidationError("Give the id of a prediction, or say which ones: --since 1h, --endpoint NAME, …")
        }
    }

    mutating func run() async throws {
        let client = try await server.client()
        if let id { return try await replayOne(id, client) }
        var search = asked.search
        if let lifetime = since.flatMap({ Lifetime($0) }) {
            let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
            search.from = Timestamp(microseconds: now - Int64(lifetime.seconds) * 1_000_000)
        }
        let found = try await client.replay(search, limit: limit, with: with)
        try Console.current.line(output.format == .json ? found.text : replayText(found))
        try requireSame(found["counts"]?["different"]?.integer ?? 0, of: found["predictions"]?.integer ?? 0)
    }

    private func replayOne(_ id: PredictionID, _ client: SlipwayClient) async throws {
        let outcome = try await client.replay(id, with: with)
        let result = outcome["result"]?.string ?? ""
        if output.format == .json {
            try Console.current.line(outcome.text)
        } else {
            let reason = outcome["reason"]?.string.map { ": \($0)" } ?? ""
            try Console.current.line("\(id) \(result)\(reason)".printable)
            for part in ["was", "is"] {
                if let rows = outcome[part]?.elements {
                    try Console.current.line(
                        "\(part)\(part == "is" ? " " : "")  \(rows.map(\.text).joined(separator: " "))")
                }
            }
        }
        try requireSame(result == "different" ? 1 : 0, of: 1)
    }

    /// Another version may say something else; the same one may not.
    private func requireSame(_ different: Int64, of all: Int64) throws {
        guard with == nil, different > 0 else { return }
        throw Refusal(
            .answersDiffer, .conflict, "\(different) of \(all) predictions get other answers than they had.",
            hint: "`slipway receipt ID` says what each came of; compare its engine with `slipway engines`.")
    }
}

private func replayText(_ found: JSONValue) -> String {
    let counts = (found["counts"]?.members ?? []).map { [$0.name, $0.value.text] }
    var parts = ["\(found["predictions"]?.text ?? "0") predictions\n" + Table(rows: counts, numbers: [1]).text]
    let reasons = found["not_replayed"]?.members ?? []
    if !reasons.isEmpty {
        parts.append(
            "not replayed, because\n"
                + Table(rows: reasons.map { ["  " + $0.name, $0.value.text] }, numbers: [1]).text)
    }
    let different = (found["different"]?.elements ?? []).prefix(10)
    if !different.isEmpty {
        parts.append(
            "different\n"
                + Table(
                    rows: different.map {
                        ["  " + ($0["id"]?.string ?? ""), $0["version"]?.text ?? "", $0["reason"]?.string ?? ""]
                    }
                ).text)
    }
    return parts.joined(separator: "\n\n")
}
