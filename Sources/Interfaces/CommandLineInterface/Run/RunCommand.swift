// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Record what is trained, see it, and compare it.",
        discussion: "Example: slipway run list --order \"metrics.auc DESC\"",
        subcommands: [RunStart.self, RunList.self, RunShow.self, RunCompare.self])
}
