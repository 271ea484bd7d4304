// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct ProjectCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a project; one that is there stays as it is.",
        discussion: "Example: slipway project create growth")

    @Argument(help: "What to call it.")
    var name: ProjectName

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let project = try await server.client().createProject(name)
        try output.write(project, asText: "project \(name) is there")
    }
}
