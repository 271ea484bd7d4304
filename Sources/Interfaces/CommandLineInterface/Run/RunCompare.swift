// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct RunCompare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Put runs side by side: parameters that differ, and all metrics.",
        discussion: "Example: slipway run compare 2f1c0e0b5b1d4f6e8a7c9d0e1f2a3b4c 9d0e1f2a3b4c2f1c0e0b5b1d4f6e8a7c")

    @Argument(help: "Two runs or more.")
    var ids: [String]

    @Flag(help: "Show parameters that are the same too.")
    var all = false

    @Option(help: "The project that they belong to.")
    var project: ProjectName = .standard

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (2...20).contains(ids.count) else { throw ValidationError("Name 2 to 20 runs.") }
    }

    mutating func run() async throws {
        let client = try await server.client()
        var runs: [RunV1] = []
        for id in ids { runs.append(try await client.run(id, in: project)) }
        var rows = comparison(of: runs.map(\.params), "param")
        if !all { rows.removeAll { Set($0.dropFirst()).count == 1 } }
        rows += comparison(
            of: runs.map { Dictionary($0.metrics.map { ($0.key, $0.text) }, uniquingKeysWith: { $1 }) }, "metric")
        let table = Table(header: [""] + runs.map { $0.name.printable }, rows: rows)
        try output.write(runs, asText: rows.isEmpty ? "They recorded the same parameters, and no metrics." : table.text)
    }

    private func comparison(of values: [[String: String]], _ what: String) -> [[String]] {
        Set(values.flatMap(\.keys)).sorted().map { key in
            ["\(what) \(key.printable)"] + values.map { $0[key]?.printable ?? "–" }
        }
    }
}
