// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct ImportMLflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mlflow",
        abstract: "Bring a store of MLflow's: experiments, runs, files, models.",
        discussion: """
            The store is read and never written to. Ids of runs, numbers of versions and all times stay. It may be done \
            again: what is here stays, and what is missing comes. What cannot be brought is listed.

            Example: slipway import mlflow sqlite:///mlflow.db --artifacts mlruns --dry-run
            """)

    @Argument(help: "A folder such as mlruns, or sqlite:///FILE.")
    var store: String

    @Option(help: "The project to bring it to.")
    var project: ProjectName = .standard

    @Option(help: "The folder that the files of a database's runs are in; the database's own without it.")
    var artifacts: String?

    @Flag(help: "Read everything, say what there is, and bring nothing.")
    var dryRun = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let (records, files) = try Tools.required().openMLflowStore(store, artifacts: artifacts)
        let client = dryRun ? nil : try await server.client()
        let work = MLflowImport(records: records, files: files, client: client, project: project)
        let report = try await work.run()
        try output.write(report, asText: report.text)
        if !report.problems.isEmpty { throw ExitCode(Explanation.Kind.invalidInput) }
    }
}
