// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct AlertSilences: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silences",
        abstract: "List the silences that hold: what, until when, who and why.",
        discussion: "Example: slipway alert silences --all")

    @Flag(help: "Those that have ended as well.")
    var all = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let silences = try await server.client().alertSilences(all: all)
        let table = Table(
            header: ["SILENCE", "KEY", "UNTIL", "BY", "WHY"],
            rows: silences.map { one in
                [
                    String(one.number), one.pattern, one.endedAt.map { "ended \($0)" } ?? one.until, one.createdBy,
                    one.reason,
                ]
            })
        try output.write(silences, asText: silences.isEmpty ? "nothing is silenced" : table.text)
    }
}

struct AlertUnsilence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unsilence",
        abstract: "End a silence before its time.",
        discussion: "Example: slipway alert unsilence 2")

    @Argument(help: "Its number, as `slipway alert silences` shows it.")
    var number: Int

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    private struct Ended: Encodable {
        let number: Int
        let ended = true
    }

    mutating func run() async throws {
        try await server.client().endAlertSilence(number)
        try output.write(Ended(number: number), asText: "silence \(number) has ended")
    }
}
