// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct LedgerExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the whole ledger as JSON lines, which can be checked anywhere.",
        discussion: """
            Asks the server; without one, or with --data, reads the data folder itself. `slipway ledger verify --file` checks
            what was printed.

            Example: slipway ledger export --data backup
            """)

    @OptionGroup var server: ServerOptions

    mutating func run() async throws {
        let console = Console.current
        switch try await LedgerSource(server) {
        case .server(let client): try await client.exportLedger { try console.part($0) }
        case let source:
            try console.line(LedgerLine.beginning.json.canonical)
            let audit = try await source.audit(extending: nil) { row in
                try console.line(LedgerLine.entry(row).json.canonical)
            }
            try console.line(LedgerLine.head(audit.head(at: nil)).json.canonical)
        }
    }
}
