// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct ExperimentList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the experiments of a project, newest first.",
        discussion: "Example: slipway experiment list --filter \"name LIKE 'churn%'\"")

    @Option(help: "The project that they belong to.")
    var project: ProjectName = .standard

    @Option(help: "Which: comparisons of name and tags, joined by AND.")
    var filter: String?

    @Flag(help: "Show deleted ones too.")
    var all = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let experiments = try await server.client()
            .experiments(in: project, filter: filter, view: all ? "all" : "active")
        let table = Table(
            header: ["EXPERIMENT", "NAME", "STATE", "CREATED", "UPDATED"],
            rows: experiments.map {
                [$0.id, $0.name.printable, $0.deleted ? "deleted" : "active", $0.createdAt, $0.updatedAt]
            }, numbers: [0])
        try output.write(experiments, asText: experiments.isEmpty ? "No experiments." : table.text)
    }
}
