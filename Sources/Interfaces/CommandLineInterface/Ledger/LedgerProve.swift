// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct LedgerProve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Show that an entry is in the ledger: a proof that anybody can check.",
        discussion: """
            Prints one JSON document; docs/formats/ledger.md says how it is checked without Slipway.

            Example: slipway ledger prove 17 --head head.txt
            """)

    @Argument(help: "The number of the entry.")
    var sequence: Int

    @Option(
        help: ArgumentHelp(
            "Prove it in the ledger as it was when this head was taken: a file, or SIZE:ROOT.", valueName: "head"))
    var head: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard sequence >= 0 else { throw ValidationError("Entries are numbered from 0.") }
    }

    mutating func run() async throws {
        let proof = try await server.client().proveLedgerEntry(sequence, in: try head.map(keptHead))
        let text = try jsonText(proof)
        try output.write(proof, asText: text)
    }
}
