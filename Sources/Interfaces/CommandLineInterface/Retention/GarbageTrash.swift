// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct GarbageTrash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trash",
        abstract: "List what is in the trash, newest first.",
        discussion: "Example: slipway gc trash")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let trash = try await server.client().trash()
        let table = Table(
            header: ["CONTENT", "SIZE", "SINCE"], rows: trash.map { [$0.digest, byteText($0.bytes), $0.movedAt] })
        try output.write(trash, asText: trash.isEmpty ? "The trash is empty." : table.text)
    }
}

struct GarbageRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a content back from the trash.",
        discussion: """
            Whoever puts a content again, or asks for it, brings it back as well. Runs come back with MLflow's \
            `restore_run`, for as long as deleted things are kept.

            Example: slipway gc restore sha256:3f9a…
            """)

    @Argument(help: ArgumentHelp("The content's digest.", valueName: "digest"))
    var digest: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        guard let digest = Digest(digest) else { throw ValidationError("A digest is sha256: and 64 digits.") }
        try await server.client().bringBack(digest)
        try output.write(["restored": digest.description], asText: "restored \(digest)")
    }
}

struct GarbageEmpty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "empty-trash",
        abstract: "Delete for good what is in the trash, without waiting for its time.",
        discussion: "What something needs by now comes back instead.\n\nExample: slipway gc empty-trash")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let sweep = try await server.client().emptyTrash()
        let back = sweep.broughtBack.count > 0 ? ", brought back \(sweep.broughtBack.count)" : ""
        try output.write(
            sweep,
            asText: "deleted \(sweep.destroyed.count) contents (\(byteText(sweep.destroyed.bytes)))\(back)")
    }
}
