// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct ProjectList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the projects.",
        discussion: "Example: slipway project list --format json")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let projects = try await server.client().projects()
        let table = Table(
            header: ["PROJECT", "MODELS", "ENDPOINTS", "TOKENS", "CREATED"],
            rows: projects.map { project in
                [
                    project.name, String(project.models), String(project.endpoints), String(project.tokens),
                    project.createdAt,
                ]
            }, numbers: [1, 2, 3])
        try output.write(projects, asText: table.text)
    }
}
