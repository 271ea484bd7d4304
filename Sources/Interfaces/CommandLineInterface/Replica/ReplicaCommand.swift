// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ReplicaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replica",
        abstract:
            "See the servers of the platform: several may share one PostgreSQL database and one folder of contents.",
        discussion: "Example: slipway replica list",
        subcommands: [ReplicaList.self])
}
