// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct LedgerList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the entries of the ledger, oldest first.",
        discussion: "Example: slipway ledger list --from 1 --limit 50")

    @Option(help: "The sequence number to begin with.")
    var from = 0

    @Option(help: "The most entries to print.")
    var limit = 100

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard from >= 0 else { throw ValidationError("--from takes 0 or more.") }
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes 1 to 1000.") }
    }

    mutating func run() async throws {
        let ledger = try await server.client().ledger(from: from, limit: limit)
        let table = Table(
            header: ["ENTRY", "TIME", "BY", "ACTION", "OBJECT", "BEFORE", "AFTER", "REASON"],
            rows: ledger.entries.map { entry in
                [
                    String(entry.sequence), entry.time, entry.actor, entry.action, entry.object, entry.before ?? "–",
                    entry.after ?? "–", entry.reason ?? "",
                ]
            }, numbers: [0])
        try output.write(ledger, asText: ledger.entries.isEmpty ? "No entries." : table.text)
    }
}
