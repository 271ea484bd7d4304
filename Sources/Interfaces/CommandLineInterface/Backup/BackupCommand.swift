// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a whole platform while it runs, or look whether a copy is whole.",
        discussion: "Example: slipway backup /backups/slipway",
        subcommands: [BackupCreate.self, BackupVerify.self], defaultSubcommand: BackupCreate.self)
}
