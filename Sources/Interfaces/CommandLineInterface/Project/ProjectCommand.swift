// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "See, make and remove projects: namespaces for models and endpoints.",
        discussion: "Example: slipway project list",
        subcommands: [ProjectCreate.self, ProjectList.self, ProjectRemove.self])
}
