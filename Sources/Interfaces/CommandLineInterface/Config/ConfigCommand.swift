// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "See what a project file comes to.",
        discussion: "Example: slipway config show examples/breast-cancer",
        subcommands: [ConfigShow.self])
}
