// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct ModelExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract:
            "Write a version into one file: its bundle, its run with all that was recorded, and what the ledger says.",
        discussion: "Example: slipway model export churn@3 churn.slipway")

    @Argument(help: ArgumentHelp("The version: churn@3, churn@champion, growth/churn@3.", valueName: "version"))
    var version: String

    @Argument(help: "The file to write.", completion: .file())
    var file: String

    @Option(help: "The project that the model belongs to, where the version does not name it.")
    var project: ProjectName?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        guard let source = RegisteredSource(version, project: project) else {
            throw Refusal(
                .versionUnknown, .invalidInput, "“\(version.prefix(100))” names no version.",
                hint: "Write it as churn@3 or churn@champion.")
        }
        let console = Console.current
        let report = try await Tools.required().exportModel(
            source, from: try await server.client(), to: file, progress: { console.progress($0) })
        try output.write(report, asText: "wrote \(report.text)")
    }
}
