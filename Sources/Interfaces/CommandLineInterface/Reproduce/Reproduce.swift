// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import ModelReproduction
internal import WireTypes

/// Which Python a run is done again with.
enum ReproductionEnvironment: String, ExpressibleByArgument, CaseIterable {
    /// The one that is here, whatever it has.
    case active
    /// One of its own, with the packages that were recorded.
    case recorded
}

struct Reproduce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a version again, from what its run recorded, and compare the answers.",
        discussion: """
            Lays code, changes, data and packages out in a folder, runs the recorded command there against a server of its \
            own, and asks the model that comes of it the rows that the original was recorded with. The command is the run's \
            own code: it runs as you, outside of any sandbox.

            Ends with 0 when every repetition answers within the original's tolerance, with 4 when one does not.

            Example: slipway reproduce churn@3 --repeat 5
            """)

    @Argument(help: ArgumentHelp("The version, as NAME@NUMBER or NAME@ALIAS.", valueName: "version"))
    var version: String

    @Option(
        help: ArgumentHelp(
            "The folder to make; without it, one that is gone afterwards, unless something fails.", valueName: "dir"),
        completion: .directory)
    var into: String?

    @Option(name: .customLong("repeat"), help: "How often to train, which shows how far training itself varies.")
    var count = 1

    @Option(
        help: ArgumentHelp(
            """
            The Python: active, whatever it has, or recorded, one of its own with the run's packages; without it, active \
            where it has just those, else recorded.
            """, valueName: "which"))
    var environment: ReproductionEnvironment?

    @Flag(help: "Keep the folder.")
    var keep = false

    @Option(help: "The project that the model belongs to.")
    var project: ProjectName?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...100).contains(count) else { throw ValidationError("--repeat takes 1 to 100.") }
    }

    mutating func run() async throws {
        guard let source = RegisteredSource(version, project: project) else {
            throw Refusal(
                .badName, .invalidInput, "“\(version)” names no version of a model.",
                hint: "Write it as churn@3 or churn@champion.")
        }
        let client = try await server.client()
        let original = try await RecordedVersion(source, from: client)
        let tools = try Tools.required().runs
        Console.current.note("\(original.title) is trained again by its own code, as you, outside of any sandbox:")
        Console.current.note("  \(original.record.command.map { shellWord($0) }.joined(separator: " ").printable)")
        let folder = try tools.workplace(at: into)
        if keep || into != nil { folder.keep() }
        let report: ReproductionReport
        do {
            report = try await ReproductionRun(
                original: original, client: client, folder: folder.path, count: count, choice: environment
            ).report(keptAt: keep || into != nil ? folder.path : nil)
        } catch let given as CancellationError {
            // Nobody looks at what was given up.
            throw given
        } catch {
            folder.keep()
            Console.current.note("what was made is in \(folder.path.printable)")
            throw error
        }
        try output.write(report, asText: report.text)
        guard report.reproduced else { throw report.refusal }
    }
}
