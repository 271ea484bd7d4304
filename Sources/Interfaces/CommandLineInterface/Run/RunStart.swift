// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import Foundation
internal import ModelDomain
internal import ModelReproduction
internal import WireTypes

struct RunStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Run a command that trains, and record what it takes to do that again.",
        discussion: """
            Keeps the code as it stands, changes and new files included, the versions of data, the packages of the command's \
            Python, and what it prints, as artifacts of a run; `slipway reproduce` does it again from there. MLflow's client \
            in the command goes on with this run, and `slipway deploy` in it links what it deploys.

            Example: slipway run start --experiment churn --data churn-train@3 --seed 7 -- python train.py
            """)

    @Option(help: "What to call the run; a name is made up without it.")
    var name: String?

    @Option(help: "The experiment to record it in; one that is not there is made.")
    var experiment = "Default"

    @Option(help: "The project that the run and its data are in: that of the token.")
    var project: ProjectName = .standard

    @Option(
        help: ArgumentHelp(
            "A version of data as NAME@N, fetched to data/NAME.FORMAT, or NAME@N=PATH. May be repeated.",
            valueName: "version"))
    var data: [RunDataArgument] = []

    @Option(help: "A number that the command finds as SLIPWAY_SEED, and Python as PYTHONHASHSEED.")
    var seed: Int?

    @Flag(help: "Keep no code: the run can then not be done again.")
    var noCode = false

    @OptionGroup var server: RemoteServerOptions

    @Argument(
        parsing: .postTerminator, help: ArgumentHelp("The command, behind --.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Write the command behind --, as in -- python train.py") }
        // Python takes no other.
        guard seed.map({ (0...4_294_967_295).contains($0) }) ?? true else {
            throw ValidationError("--seed takes 0 to 4294967295.")
        }
        let paths = data.compactMap(\.path)
        guard Set(paths).count == paths.count else { throw ValidationError("Two versions of data have the same path.") }
    }

    mutating func run() async throws {
        let client = try await server.client()
        let tools = try Tools.required()
        let runs = try tools.runs
        let folder = FileManager.default.currentDirectoryPath
        let experimentID = try await client.experiment(named: experiment)
        try await requireProject(experimentID, client)
        var inputs: [FetchedData] = []
        for version in data { inputs.append(try await version.fetch(from: client, project, in: folder)) }

        let scratch = try runs.scratch()
        let recorded = try TrainingRecord(
            command: command, seed: seed.map(Int64.init), folder: folder, data: inputs.map(\.record),
            keepsCode: !noCode, runs, scratch: scratch.path, at: tools.time)
        for note in recorded.notes { Console.current.note("note: \(note.printable)") }
        let environment = Console.current.environment
        let run = try await client.startRun(
            in: experimentID, name: name, user: environment["USER"] ?? "unknown", at: tools.time,
            tags: recorded.tags)
        Console.current.note("run \(run.id) of experiment “\(experiment.printable)”")
        let end: CommandEnd
        do {
            try await recorded.upload(to: run, client)
            try await client.logInputs(inputs.map(\.input), of: run)
            let variables = RunVariables(client: client, run: run, seed: seed.map(Int64.init))
            end = try await runs.run(
                TrainingCommand(
                    words: command, folder: folder, environment: variables.added(to: environment), isAttended: true))
        } catch {
            try? await client.endRun(run, status: "FAILED", at: tools.time)
            throw error
        }
        try await client.putArtifact("\(RunRecord.folder)/output.txt", end.output, of: run)
        try await client.endRun(run, status: end.status, at: tools.time)
        Console.current.note("run \(run.id) \(end.status.lowercased())")
        guard end.exitCode == 0 else { throw ExitCode(end.exitCode) }
        guard !end.wasKilled else { throw ExitCode(130) }
    }

    /// A token works in one project, and makes experiments there.
    private func requireProject(_ experiment: String, _ client: SlipwayClient) async throws {
        let known = try await client.experiments(in: project, filter: nil, view: "active")
        guard known.contains(where: { $0.id == experiment }) else {
            throw Refusal(
                .tokenRefused, .denied, "The token records runs in another project than “\(project)”.",
                hint: "Show a token of that project: slipway token create … --project \(project).")
        }
    }
}

/// What tells programs which run they are part of.
struct RunVariables {
    let client: SlipwayClient
    let run: SlipwayClient.TrackedRun
    let seed: Int64?

    func added(to environment: [String: String]) -> [String: String] {
        var variables = environment
        variables["MLFLOW_TRACKING_URI"] = client.url
        variables["MLFLOW_REGISTRY_URI"] = nil
        variables["MLFLOW_RUN_ID"] = run.id
        variables["MLFLOW_EXPERIMENT_ID"] = run.experiment
        variables["MLFLOW_EXPERIMENT_NAME"] = nil
        variables["MLFLOW_TRACKING_TOKEN"] = client.token
        variables["SLIPWAY_RUN_ID"] = run.id
        variables["SLIPWAY_URL"] = client.url
        variables["SLIPWAY_TOKEN"] = client.token
        if let seed {
            variables["PYTHONHASHSEED"] = String(seed)
            variables["SLIPWAY_SEED"] = String(seed)
        }
        // What it prints goes through a pipe, and is to be seen as it comes.
        variables["PYTHONUNBUFFERED"] = variables["PYTHONUNBUFFERED"] ?? "1"
        return variables
    }
}
