// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ExperimentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "See what runs are grouped by.",
        discussion: "Example: slipway experiment list",
        subcommands: [ExperimentList.self])
}
