// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct RunShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a run: its parameters, metrics, tags, data sets and models.",
        discussion: "Example: slipway run show 2f1c0e0b5b1d4f6e8a7c9d0e1f2a3b4c")

    @Argument(help: "The run.")
    var id: String

    @Option(help: "The project that it belongs to.")
    var project: ProjectName = .standard

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let run = try await server.client().run(id, in: project)
        try output.write(run, asText: run.text)
    }
}

extension RunV1 {
    fileprivate var text: String {
        var rows = [
            ["run", id], ["name", name.printable], ["experiment", experiment], ["user", user.printable],
            ["status", deleted ? "\(status.lowercased()), deleted" : status.lowercased()], ["started", startedAt],
        ]
        if let endedAt { rows.append(["ended", endedAt]) }
        rows += params.sorted { $0.key < $1.key }.map { ["param \($0.key.printable)", $0.value.printable] }
        rows += metrics.map { ["metric \($0.key.printable)", "\($0.text) at step \($0.step)"] }
        rows += datasets.map {
            ["data set", "\($0.name.printable) \($0.digest)\($0.context.map { " (\($0.printable))" } ?? "")"]
        }
        rows += models.map { ["model", $0] }
        rows += tags.sorted { $0.key < $1.key }.map {
            ["tag \($0.key.printable)", String($0.value.prefix(200)).printable]
        }
        return Table(rows: rows).text
    }
}
