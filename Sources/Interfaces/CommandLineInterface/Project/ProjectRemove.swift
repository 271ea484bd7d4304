// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct ProjectRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a project that has no models, endpoints or tokens of its own.",
        discussion: "Example: slipway project remove growth")

    @Argument(help: "Which one.")
    var name: ProjectName

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        try await server.client().removeProject(name)
        try output.write(RemovedProject(name: name.rawValue, removed: true), asText: "project \(name) is gone")
    }
}

private struct RemovedProject: Encodable {
    let name: String
    let removed: Bool
}
