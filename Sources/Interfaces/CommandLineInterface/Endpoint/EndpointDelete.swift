// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct EndpointDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove an endpoint; the model and its versions stay.",
        discussion: "Example: slipway endpoint delete breast-cancer")

    @Argument(help: "The endpoint.")
    var name: EndpointName

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        try await server.client().removeEndpoint(name)
        try output.write(["deleted": name.rawValue], asText: "\(name) no longer answers")
    }
}
