// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct RunList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List runs, newest first or by what they measured.",
        discussion:
            "Example: slipway run list --experiment churn --filter \"metrics.auc > 0.9\" --order \"metrics.auc DESC\"")

    @Option(help: "The project that they belong to.")
    var project: ProjectName = .standard

    @Option(help: "The experiment, by name or number; all without it.")
    var experiment: String?

    @Option(help: "Which: comparisons of metrics, params, tags and attributes, joined by AND.")
    var filter: String?

    @Option(help: "By what: a metric, parameter, tag or attribute, and ASC or DESC.")
    var order: String?

    @Flag(help: "Show deleted ones too.")
    var all = false

    @Option(help: "The most runs to print.")
    var limit = 100

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes 1 to 1000.") }
    }

    mutating func run() async throws {
        var query = SlipwayClient.RunQuery()
        (query.project, query.experiment, query.filter, query.order) = (project, experiment, filter, order)
        query.view = all ? "all" : "active"
        query.limit = limit
        let found = try await server.client().runs(query)
        let table = Table(
            header: ["RUN", "NAME", "EXPERIMENT", "STATUS", "STARTED", "METRICS"],
            rows: found.runs.map { run in
                [
                    run.id, run.name.printable, run.experiment, run.deleted ? "deleted" : run.status.lowercased(),
                    run.startedAt,
                    run.metrics.prefix(4).map { "\($0.key)=\($0.text)".printable }.joined(separator: " "),
                ]
            }, numbers: [2])
        let more = found.nextOffset == nil ? "" : "\n… and more: raise --limit, or narrow with --filter."
        try output.write(
            found, asText: found.runs.isEmpty ? "No runs: log some with MLflow's client." : table.text + more)
    }
}
