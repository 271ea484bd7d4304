// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelMonitoring

struct AlertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert",
        abstract: "See what needs a person, and say who is told of it.",
        discussion: "Example: slipway alert list --all",
        subcommands: [
            AlertList.self, AlertShow.self, AlertTo.self, AlertTest.self, AlertSilenceCommand.self, AlertSilences.self,
            AlertUnsilence.self,
        ])
}

extension DestinationName: ExpressibleByArgument {}
