// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tokens, oldest first, and what they allow.",
        discussion: "Example: slipway token list --format json")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let tokens = try await server.client().tokens()
        let table = Table(
            header: ["TOKEN", "PRINCIPAL", "ROLES", "PROJECT", "ENDPOINTS", "EXPIRES", "CREATED", "BY", "NOTE"],
            rows: tokens.map { token in
                [
                    token.id, token.principal, token.roles.joined(separator: ","), token.project ?? "all",
                    token.endpoints?.joined(separator: ",") ?? "all",
                    token.expired ? "expired" : token.expiresAt ?? "never", token.createdAt, token.createdBy,
                    token.note ?? "",
                ]
            })
        try output.write(tokens, asText: table.text)
    }
}
