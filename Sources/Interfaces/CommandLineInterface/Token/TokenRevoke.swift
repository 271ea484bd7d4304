// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End a token: the next request with it is refused.",
        discussion: "Example: slipway token revoke 1f0c9a7b2d3e")

    @Argument(help: "The token's id, as `slipway token list` shows it; never the token.")
    var id: TokenID

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        try await server.client().revokeToken(id)
        try output.write(RevokedReport(id: id.rawValue, revoked: true), asText: "token \(id) is revoked")
    }
}
