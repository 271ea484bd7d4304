// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct BackupCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Copy a whole platform: the registry as it is now, and every content that it names.",
        discussion: """
            TARGET is a file that ends with .tar, or a folder; in a folder with a backup of before only what is new is \
            copied. The server goes on to work; where none runs, the data folder is read.

            Example: slipway backup /backups/slipway
            """)

    @Argument(help: "The file.tar or the folder to write.", completion: .file())
    var target: String

    @Flag(help: "Copy the administrator's token as well. Without it, a restored server makes a new one.")
    var withToken = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var registry: DatabaseOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let console = Console.current
        let client = try await server.clientIfAny()
        let report = try await Tools.required().backUp(
            BackupOptions(
                target: target, data: server.folder.data, database: registry.chosen, withToken: withToken,
                client: client),
            progress: { console.progress($0) })
        for line in report.missing { console.note("warning: \(line.printable)") }
        try output.write(report, asText: report.text(verb: "backed up"))
    }
}
