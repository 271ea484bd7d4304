// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct RollBack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Have an endpoint answer with the version before.",
        discussion: "Example: slipway rollback breast-cancer --reason \"answers too slowly\"")

    @Argument(help: ArgumentHelp("The endpoint.", valueName: "endpoint"))
    var endpoint: EndpointName

    @Option(help: ArgumentHelp("Why, for the ledger.", valueName: "text"))
    var reason: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let result = try await server.client().rollBack(endpoint, reason: reason)
        let replaced = result.replacedVersion.map { ", no longer with version \($0)" } ?? ""
        let deployment = result.deployment
        let text = "\(endpoint) answers with \(deployment.model) version \(deployment.version)\(replaced)"
        let lines = [text + (result.unchanged ? " (unchanged)" : ""), result.drained?.line].compactMap(\.self)
        try output.write(result, asText: lines.map(\.printable).joined(separator: "\n"))
    }
}
