// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct AlertShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an alert: what was found, what is normal, and what to type next.",
        discussion: "Example: slipway alert show 3")

    @Argument(help: "Its number, as `slipway alert list` shows it.")
    var number: Int

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let alert = try await server.client().alert(number)
        try output.write(alert, asText: alert.text)
    }
}

extension AlertV1 {
    fileprivate var text: String {
        var rows = [
            ["alert", "\(number), \(key)"], ["severity", severity], ["state", stateText], ["since", openedAt],
        ]
        if let escalatedAt { rows.append(["critical since", escalatedAt]) }
        rows += evidence.map { [$0.name, $0.value] }
        rows += [["normal", normal], ["next", next]]
        return summary.printable + "\n\n" + Table(rows: rows).text
    }
}
