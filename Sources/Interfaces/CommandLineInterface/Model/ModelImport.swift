// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct ModelImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring an exported version to a server. It proves itself there before it answers.",
        discussion: """
            Importing the same file again changes nothing. A run of the same name with something else in it is refused.

            Example: slipway model import churn.slipway --project growth
            """)

    @Argument(help: "The file that `slipway model export` wrote.", completion: .file())
    var file: String

    @Option(help: "What to call the model; without it, its own name.")
    var name: ModelName?

    @Option(help: "The project to put it into; without it, its own project's name.")
    var project: ProjectName?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let console = Console.current
        let report = try await Tools.required().importModel(
            file, named: name, into: project, of: try await server.client(), progress: { console.progress($0) })
        let verb = report.isNew ? "imported" : "was here already:"
        try output.write(
            report,
            asText: "\(verb) \(report.text)\nnext: slipway deploy \(report.place)\(server.repeated)")
    }
}

/// A version that was written into a file, or came from one.
package struct TransferReport: Encodable, Sendable {
    package let model: String
    package let project: String
    package let version: Int
    package let bundle: String
    package let isNew: Bool
    package let run: String?
    package let loggedModel: String?
    package let contents: Int
    package let file: String

    package init(
        model: String, project: String, version: Int, bundle: String, isNew: Bool, run: String?, loggedModel: String?,
        contents: Int, file: String
    ) {
        self.model = model
        self.project = project
        self.version = version
        self.bundle = bundle
        self.isNew = isNew
        self.run = run
        self.loggedModel = loggedModel
        self.contents = contents
        self.file = file
    }

    /// As `deploy` takes it.
    var place: String { "\(project == "default" ? "" : project + "/")\(model)@\(version)" }

    var text: String {
        let facts = [
            ["version", place], ["bundle", bundle], ["run", run ?? "–"], ["logged model", loggedModel ?? "–"],
            ["contents", String(contents)], ["file", file],
        ]
        return "\(place)\n\(Table(rows: facts).text)"
    }
}
