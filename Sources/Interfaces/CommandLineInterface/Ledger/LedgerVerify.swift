// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct LedgerVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute the chain of the ledger.",
        discussion: "Example: slipway ledger verify")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let verification = try await server.client().verifyLedger()
        try output.write(verification, asText: "✓ \(verification.verifiedEntries) entries, unchanged")
    }
}
