// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import ModelMonitoring
internal import WireTypes

struct AlertTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Tell where alerts go that nothing has happened, and see whether it arrives.",
        discussion: "Example: slipway alert test ops")

    @Argument(help: "Where to; without it, everywhere.")
    var name: DestinationName?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let results = try await server.client().testAlerts(to: name?.rawValue)
        let table = Table(
            header: ["NAME", "RESULT"],
            rows: results.map { [$0.destination, $0.problem.map { "not delivered: \($0)" } ?? "delivered"] })
        try output.write(results, asText: table.text)
        let failed = results.filter { !$0.delivered }
        guard !failed.isEmpty else { return }
        throw Refusal(
            .noticeNotDelivered, .unavailable,
            "The test did not arrive at \(failed.map(\.destination).joined(separator: ", ")).",
            hint: "See why above; `slipway alert to list` shows what waits.",
            details: failed.map { .init($0.destination, $0.problem ?? "") })
    }
}
