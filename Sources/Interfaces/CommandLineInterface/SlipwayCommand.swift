// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ModelDomain

/// The program, as people type it.
package struct SlipwayCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: Product.name,
        abstract: "Takes a trained model to production, and keeps proving that it behaves there as in training.",
        discussion: """
            Completions for a shell: slipway --generate-completion-script bash (or zsh, fish).

            Example: slipway deploy model.onnx
            """,
        version: Product.nameAndVersion,
        groupedSubcommands: [
            CommandGroup(
                name: "The main road",
                subcommands: [
                    Demo.self, Init.self, Pack.self, Deploy.self, Predict.self, Explain.self, Status.self, Top.self,
                    Drift.self, Quality.self, RollBack.self, Receipt.self, ReplayPredictions.self, Reproduce.self,
                    Serve.self, Restart.self, Stop.self, Doctor.self, Logs.self, Bench.self, Size.self, Where.self,
                ]),
            CommandGroup(
                name: "The platform",
                subcommands: [
                    DatasetCommand.self, ExperimentCommand.self, RunCommand.self, ModelCommand.self,
                    Lineage.self,
                    EndpointCommand.self, PredictionCommand.self, FeedbackCommand.self,
                    ProjectCommand.self, TokenCommand.self,
                    EnginesCommand.self, ConfigCommand.self, LedgerCommand.self, ImportCommand.self,
                    AlertCommand.self, BackupCommand.self, Restore.self, GarbageCommand.self, Erase.self,
                    ReplicaCommand.self,
                ]),
        ])

    package init() {}

    /// Parses and runs one command, and prints what went wrong.
    ///
    /// - Returns: The exit code of the process.
    package static func run(
        arguments: [String], toolbox: any Toolbox, console: Console = .standard
    ) async -> Int32 {
        await Tools.$box.withValue(toolbox) {
            await Console.$current.withValue(console) { await run(arguments) }
        }
    }

    private static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try parseAsRoot(arguments)
            if var concurrent = command as? any AsyncParsableCommand {
                try await concurrent.run()
            } else {
                try command.run()
            }
            return ExitCode.success.rawValue
        } catch {
            return report(error, asJSON: wantsJSON(arguments))
        }
    }

    /// Looked for in the words themselves, because a command that could not be parsed has no options to ask.
    private static func wantsJSON(_ arguments: [String]) -> Bool {
        // What stands behind is another program's.
        let arguments = arguments.prefix { $0 != "--" }
        return arguments.contains("--format=json")
            || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "json" }
    }

    private static func report(_ error: any Error, asJSON: Bool) -> Int32 {
        switch error {
        case let explained as any ExplainedError:
            Console.current.report(explained.explanation, asJSON: asJSON)
            return ExitCode(explained.explanation.kind).rawValue
        case is OutputClosed:
            // What a shell reports of a program that the signal of a broken pipe ended.
            return 141
        case is CancellationError:
            return 130
        case let code as ExitCode:
            return code.rawValue
        default:
            return reportUsage(error, asJSON: asJSON)
        }
    }

    /// Help and version, a command that cannot be parsed, or an error that nobody expected.
    private static func reportUsage(_ error: any Error, asJSON: Bool) -> Int32 {
        let code = exitCode(for: error)
        switch code {
        case .success:
            guard (try? Console.current.line(fullMessage(for: error))) != nil else { return ExitCode.failure.rawValue }
        case .validationFailure where asJSON:
            Console.current.report(Explanation(.optionRefused, .invalidInput, message(for: error)), asJSON: true)
        case .validationFailure:
            Console.current.note(fullMessage(for: error))
        default:
            let bug = Explanation(
                .bug, .bug, "Something failed that should not have.",
                hint: "Please report it, with what you typed and what is below.",
                details: [.init("error", String(String(describing: error).prefix(2000)))])
            Console.current.report(bug, asJSON: asJSON)
            return ExitCode(bug.kind).rawValue
        }
        return code.rawValue
    }
}
