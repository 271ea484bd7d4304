// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct AlertSilenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Have nobody told of some alerts for a while. They open and end as ever.",
        discussion: "Example: slipway alert silence \"drift/churn/*\" --for 2h --why \"new form since monday\"")

    @Argument(help: "A key, as `slipway alert list` shows it; `*` stands for any text.")
    var key: String

    @Option(name: .customLong("for"), help: ArgumentHelp("How long, such as 2h or 7d.", valueName: "time"))
    var lasting: Lifetime

    @Option(help: ArgumentHelp("Why: whoever wonders will read it.", valueName: "text"))
    var why: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let silence = try await server.client().silenceAlerts(
            CreateAlertSilenceV1(pattern: key, lasting: lasting.description, reason: why))
        try output.write(
            silence, asText: "silence \(silence.number): \(silence.pattern.printable) until \(silence.until)")
    }
}
