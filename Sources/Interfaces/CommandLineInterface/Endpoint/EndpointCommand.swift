// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct EndpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endpoint",
        abstract: "See, set and remove the names that answer.",
        discussion: "Example: slipway endpoint list",
        subcommands: [EndpointList.self, EndpointShow.self, EndpointSet.self, EndpointDelete.self])
}
