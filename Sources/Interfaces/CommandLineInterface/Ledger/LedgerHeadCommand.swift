// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import Foundation
internal import ModelDomain
internal import WireTypes

struct LedgerHeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head",
        abstract: "Print what the whole ledger comes to now, to be kept elsewhere.",
        discussion: """
            Print it, mail it, or write it where the server cannot: `slipway ledger verify --head` shows with it that \
            nothing of today's ledger was changed since.

            Example: slipway ledger head --format json
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let head: LedgerHeadV1
        switch try await LedgerSource(server) {
        case .server(let client): head = try await client.ledgerHead()
        case let source:
            let audit = try await source.audit(extending: nil)
            guard audit.faults.isEmpty else { throw LedgerBroken(audit) }
            let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
            head = LedgerHeadV1(audit.head(at: now))
        }
        var rows = [["head", "\(head.size):\(head.root)"]]
        if let chain = head.chain { rows.append(["chain", chain]) }
        if let time = head.time { rows.append(["time", time]) }
        try output.write(head, asText: Table(rows: rows).text)
    }
}
