// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct EnginesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines",
        abstract: "See what executes models on this machine, and add to it.",
        discussion: "Example: slipway engines",
        subcommands: [EnginesList.self, EnginesAdd.self],
        defaultSubcommand: EnginesList.self)
}
