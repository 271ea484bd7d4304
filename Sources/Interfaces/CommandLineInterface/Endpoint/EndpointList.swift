// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser

struct EndpointList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the endpoints.",
        discussion: "Example: slipway endpoint list")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let endpoints = try await server.client().endpoints()
        try output.write(
            endpoints,
            asText: endpoints.isEmpty
                ? "No endpoints yet: deploy a model with `slipway deploy FILE`." : endpointTable(endpoints).text)
    }
}
