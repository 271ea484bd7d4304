// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a data folder of a backup, whole or not at all.",
        discussion: """
            Every byte is compared with its digest, and the ledger is verified, before the folder has its name.

            Example: slipway restore slipway.tar --data /srv/slipway
            """)

    @Argument(help: "The file or the folder of the backup.", completion: .file())
    var backup: String

    @Option(
        help: ArgumentHelp("The data folder to make; one that holds something is refused.", valueName: "dir"),
        completion: .directory)
    var data: String

    @OptionGroup var registry: DatabaseOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let console = Console.current
        let report = try await Tools.required().restore(
            RestoreOptions(backup: backup, data: data, database: registry.chosen),
            progress: { console.progress($0) })
        for line in report.missing { console.note("warning: \(line.printable)") }
        try output.write(
            report, asText: "\(report.text(verb: "restored"))\nnext: slipway serve --data \(shellWord(data))")
    }
}
