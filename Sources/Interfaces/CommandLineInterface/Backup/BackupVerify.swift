// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct BackupVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare every byte of a backup with its digest.",
        discussion:
            "Exits with 2 when something is damaged, and names it.\n\nExample: slipway backup verify slipway.tar")

    @Argument(help: "The file or the folder of the backup.", completion: .file())
    var backup: String

    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let console = Console.current
        let report = try await Tools.required().verifyBackup(backup, progress: { console.progress($0) })
        try output.write(report, asText: report.text(verb: "whole"))
    }
}
