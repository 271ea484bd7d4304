// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct AlertList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the alerts that are open, the worst first.",
        discussion: "Example: slipway alert list --endpoint churn --format json")

    @Flag(help: "Those that are over as well, the newest first.")
    var all = false

    @Option(help: "Only those of one endpoint.")
    var endpoint: EndpointName?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let alerts = try await server.client().alerts(all: all, endpoint: endpoint?.rawValue)
        let table = Table(
            header: ["ALERT", "SEVERITY", "STATE", "SINCE", "KEY", "WHAT"],
            rows: alerts.map { alert in
                [
                    String(alert.number), alert.severity, alert.stateText, alert.openedAt, alert.key, alert.summary,
                ]
            })
        try output.write(alerts, asText: alerts.isEmpty ? "nothing needs anybody" : table.text)
    }
}

extension AlertV1 {
    var stateText: String {
        if let resolvedAt { return "over since \(resolvedAt)" }
        return silencedUntil.map { "open, silenced until \($0)" } ?? "open"
    }
}
