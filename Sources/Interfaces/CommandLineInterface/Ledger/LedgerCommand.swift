// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "See who changed what, and what answered when; check that nobody changed the record.",
        discussion: "Example: slipway ledger list",
        subcommands: [
            LedgerList.self, LedgerAt.self, LedgerVerify.self, LedgerHeadCommand.self, LedgerProve.self,
            LedgerExport.self,
        ], defaultSubcommand: LedgerAt.self)
}
