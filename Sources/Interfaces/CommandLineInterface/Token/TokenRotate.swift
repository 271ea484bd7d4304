// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct TokenRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make another token with the same rights, and end the old one.",
        discussion: "Example: slipway token rotate 1f0c9a7b2d3e --grace 1h")

    @Argument(help: "The old token's id, as `slipway token list` shows it; never the token.")
    var id: TokenID

    @Option(
        help: ArgumentHelp(
            "How long the old token holds on, such as 1h; without it, it ends at once.", valueName: "time"))
    var grace: Lifetime?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        try output.write(try await server.client().rotateToken(id, grace: grace))
    }
}
